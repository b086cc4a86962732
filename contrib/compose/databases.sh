#!/bin/sh
# Run once by the image of PostgreSQL, when its volume is empty: a role and a database each for Synapse and for Super Invites.
set -eu

for name in synapse super_invites; do
  psql --quiet --set=ON_ERROR_STOP=1 --username=postgres --set=name=$name --set=password="$(cat /run/secrets/${name}_database_password)" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
-- Synapse insists on this locale.
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
SQL
done
