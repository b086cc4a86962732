#!/bin/bash
# A draft. Not run by a test, because YunoHost cannot be had on the machines that run the tests; scripts/packages only reads it.

# The files of the Synapse app that was chosen, as that app lays them out.
registration=/etc/matrix-$synapse_instance/app-service/$app.yaml

load_synapse() {
  server_name=$(ynh_app_setting_get --app="$synapse_instance" --key=server_name)
  synapse_domain=$(ynh_app_setting_get --app="$synapse_instance" --key=domain)
  port_synapse=$(ynh_app_setting_get --app="$synapse_instance" --key=port_synapse)
  synapse_install_dir=$(ynh_app_setting_get --app="$synapse_instance" --key=install_dir)
  synapse_nginx=/etc/nginx/conf.d/$synapse_domain.d/$app.conf
}

# The tokens are made once and kept here: Synapse's own script lets nobody but Synapse read the registration.
make_tokens() {
  local name
  for name in as_token hs_token; do
    [ -s "$data_dir/$name" ] || ynh_string_random --length=64 >"$data_dir/$name"
  done
  chown -R "$app:$app" "$data_dir"
  chmod 0700 "$data_dir"
  chmod 0600 "$data_dir"/*_token
}

# Writes the registration, lets Synapse load it, and restarts Synapse. Synapse's script goes back to the old one if it does not start.
register() {
  ynh_safe_rm "$registration"
  "$install_dir/super-invites" registration --server-name "$server_name" --as-token-file "$data_dir/as_token" \
    --hs-token-file "$data_dir/hs_token" --out "$registration"
  "$synapse_install_dir/update_synapse_for_appservice.sh" || ynh_die "Synapse does not start with the registration of $app"
}

configure() {
  ynh_config_add --template=super-invites.yaml --destination="$install_dir/super-invites.yaml"
  chown -R "root:$app" "$install_dir"
  chmod 0750 "$install_dir" "$install_dir/super-invites"
  chmod 0640 "$install_dir/super-invites.yaml"
  ynh_config_add_nginx
  ynh_config_add --template=nginx-synapse.conf --destination="$synapse_nginx"
  ynh_systemctl --service=nginx --action=reload
  ynh_config_add_systemd
  yunohost service add "$app" --description="Invite codes for Matrix"
}
