# Super Invites as a service of NixOS: `imports = [ ./contrib/nixos/module.nix ];`. README.md beside this file has an example.
#
# Not run by a test, because NixOS and its packages cannot be had on the machines that run the tests. scripts/packages evaluates this file with
# stand-ins for nixpkgs, and compares what comes of it with contrib/systemd/super-invites.service; scripts/install-run lets systemd start it.
{ config, lib, pkgs, ... }:

let
  cfg = config.services.super-invites;
  format = pkgs.formats.yaml { };
  configFile = format.generate "super-invites.yaml" cfg.settings;
in
{
  options.services.super-invites = {
    enable = lib.mkEnableOption "Super Invites, invite codes for Matrix";

    package = lib.mkOption {
      type = lib.types.package;
      description = "The package with bin/super-invites. There is none in nixpkgs.";
    };

    settings = lib.mkOption {
      type = format.type;
      default = { };
      example = {
        homeserver_url = "http://127.0.0.1:8008";
        server_name = "example.org";
      };
      description = ''
        The configuration; `super-invites config` prints every key, explained. It is readable by everybody on this machine: secrets belong into
        {option}`services.super-invites.secretFiles`.
      '';
    };

    secretFiles = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      example = {
        registration_file = "/run/keys/super-invites-registration.yaml";
      };
      description = ''
        Keys of the configuration that name a file with a secret: registration_file, as_token_file, admin_token_file, sql_password_file,
        session_key_file. systemd hands the files to the service, which needs no right to read them.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.services.super-invites = {
      description = "Super Invites, invite codes for Matrix";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" "postgresql.service" "matrix-synapse.service" ];
      environment = lib.mapAttrs' (key: _: {
        name = "SUPER_INVITES_${lib.toUpper key}";
        value = "%d/${key}";
      }) cfg.secretFiles;
      serviceConfig = {
        Type = [ "notify" "notify-reload" ];
        DynamicUser = true;
        LoadCredential = lib.mapAttrsToList (key: file: "${key}:${file}") cfg.secretFiles;
        ExecStart = "${cfg.package}/bin/super-invites --config ${configFile} serve";
        StateDirectory = "super-invites";
        StateDirectoryMode = "0700";
        WorkingDirectory = "/var/lib/super-invites";
        UMask = "0077";
        Restart = "always";
        RestartSec = 5;
        TimeoutStopSec = 15;

        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateDevices = true;
        PrivateUsers = true;
        PrivateIPC = true;
        ProtectClock = true;
        ProtectControlGroups = true;
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectProc = "invisible";
        ProcSubset = "pid";
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        AmbientCapabilities = "";
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        RemoveIPC = true;
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        SystemCallArchitectures = "native";
        SystemCallErrorNumber = "EPERM";
        SystemCallFilter = [ "@system-service" "~@privileged @resources" ];
      };
    };
  };
}
