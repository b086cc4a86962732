//! The kinds of calls, for metrics: a path without whatever in it belongs to somebody.

/// The kinds by their paths, in which `*` is any one segment. The first one that fits counts.
const KINDS: [(&str, &str); 32] = [
    ("_matrix/client/*/account/whoami", "whoami"),
    ("_matrix/client/*/login", "login"),
    ("_matrix/client/*/logout", "logout"),
    ("_matrix/client/*/register", "register"),
    ("_matrix/client/*/register/available", "register_available"),
    ("_matrix/client/*/register/*/validity", "register_token_validity"),
    ("_matrix/client/*/joined_rooms", "joined_rooms"),
    ("_matrix/client/*/createRoom", "create_room"),
    ("_matrix/client/*/rooms/*/invite", "invite"),
    ("_matrix/client/*/rooms/*/join", "join"),
    ("_matrix/client/*/rooms/*/state", "room_state"),
    ("_matrix/client/*/rooms/*/state/*", "room_state"),
    ("_matrix/client/*/rooms/*/state/*/*", "room_state"),
    ("_matrix/client/*/rooms/*/*", "room"),
    ("_matrix/client/*/room_summary/*", "room_summary"),
    ("_matrix/client/unstable/*/rooms/*/summary", "room_summary"),
    ("_matrix/client/unstable/*/summary/*", "room_summary"),
    ("_matrix/client/unstable/*/sync", "sync"),
    ("_matrix/client/*/sync", "sync"),
    ("_matrix/client/*/directory/room/*", "alias"),
    ("_matrix/client/*/profile/*", "profile"),
    ("_matrix/client/*/profile/*/*", "profile"),
    ("_matrix/client/*/user/*/account_data/*", "account_data"),
    ("_matrix/client/*/media/thumbnail/*/*", "picture"),
    ("_matrix/client/*/*", "client"),
    ("_synapse/admin/*/users/*/login", "admin_login"),
    ("_synapse/admin/*/users/*/override_ratelimit", "admin_ratelimit"),
    ("_synapse/admin/*/users/*/joined_rooms", "admin_joined_rooms"),
    ("_synapse/admin/*/users/*", "admin_user"),
    ("_synapse/admin/*/rooms/*", "admin_room"),
    ("_synapse/admin/*/registration_tokens/*", "admin_registration_token"),
    ("_synapse/admin/*/*", "admin"),
];

/// The kind of a call to this path; `other` for one that is not in the list.
pub(super) fn kind(path: &str) -> &'static str {
    // The homeserver may be below a path of its own.
    let begin = ["/_matrix/", "/_synapse/"].into_iter().filter_map(|root| path.find(root)).min();
    let path = begin.map_or("", |begin| &path[begin..]);
    KINDS.into_iter().find(|(pattern, _)| fits(pattern, path)).map_or("other", |(_, kind)| kind)
}

fn fits(pattern: &str, path: &str) -> bool {
    // An empty state key leaves an empty segment at the end.
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    pattern.split('/').all(|wanted| segments.next().is_some_and(|found| wanted == "*" || wanted == found))
        && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_says_what_is_asked_and_not_about_whom() {
        for (path, expected) in [
            ("/_matrix/client/v3/account/whoami", "whoami"),
            ("/matrix/_matrix/client/v3/rooms/%21a%3Ax/join", "join"),
            ("/_matrix/client/v3/rooms/%21a%3Ax/state/m.room.create/", "room_state"),
            ("/_matrix/client/v3/rooms/%21a%3Ax/state/m.room.member/%40a%3Ax", "room_state"),
            ("/_matrix/client/unstable/im.nheko.summary/rooms/%21a%3Ax/summary", "room_summary"),
            ("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", "sync"),
            ("/_matrix/client/v3/user/%40a%3Ax/account_data/m.direct", "account_data"),
            ("/_matrix/client/v3/capabilities", "client"),
            ("/_synapse/admin/v1/registration_tokens/summer", "admin_registration_token"),
            ("/_synapse/admin/v2/users/%40a%3Ax", "admin_user"),
            ("/_synapse/admin/v1/whatever/there/may/be", "other"),
            ("/elsewhere", "other"),
            ("", "other"),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
        // A name that somebody has chosen stands where a name stands.
        assert_eq!(kind("/_matrix/client/v3/profile/%2F_matrix%2Fclient%2Fv3%2Flogin"), "profile");
    }
}
