# For scripts/packages and scripts/install-run: what module.nix makes of an example, with stand-ins for what it uses of nixpkgs.
let
  letters = "abcdefghijklmnopqrstuvwxyz";
  capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  each = text: builtins.genList (n: builtins.substring n 1 text) (builtins.stringLength text);
  lib = {
    mkEnableOption = _: { };
    mkOption = option: option;
    mkIf = _: value: value;
    types = { package = { }; str = { }; attrsOf = _: { }; };
    toUpper = builtins.replaceStrings (each letters) (each capitals);
    mapAttrs' = f: set: builtins.listToAttrs (map (name: f name set.${name}) (builtins.attrNames set));
    mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  };
  pkgs.formats.yaml = _: { type = { }; generate = name: _: "/${name}"; };
  config.services.super-invites = {
    enable = true;
    package = "/package";
    settings = {
      homeserver_url = "http://127.0.0.1:8008";
      server_name = "example.org";
      public_url = "https://invite.example.org";
      enable_web = true;
    };
    secretFiles.registration_file = "/keys/registration.yaml";
  };
in
{
  unit = (import ./module.nix { inherit config lib pkgs; }).config.systemd.services.super-invites;
  settings = config.services.super-invites.settings;
}
