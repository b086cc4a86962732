//! The addresses of pictures in the data of pages.

use app::{
    AllPaused, Block, Came, Guest, IdentityProvider, InviteCard, InviteDetail, InvitePage, KnownInvite, Landing,
    LookedAfter, MissedRoom, OwnInvite, Person, Progress, Relation, Room, RoomChoice, RoomInvite, RoomInvites,
    RoomProblem, ServerInvite, ServerInvites, SignInWays, Step,
};

/// Data that may contain addresses of pictures. Everything that a page shows implements this, so that none is
/// forgotten.
pub(super) trait HasPictures {
    /// Calls `change` for each address.
    fn each_picture(&mut self, change: &mut dyn FnMut(&mut Option<String>));
}

impl<T: HasPictures> HasPictures for Option<T> {
    fn each_picture(&mut self, change: &mut dyn FnMut(&mut Option<String>)) {
        if let Some(one) = self {
            one.each_picture(change);
        }
    }
}

impl<T: HasPictures> HasPictures for Vec<T> {
    fn each_picture(&mut self, change: &mut dyn FnMut(&mut Option<String>)) {
        for one in self {
            one.each_picture(change);
        }
    }
}

impl<A: HasPictures, B: HasPictures> HasPictures for (A, B) {
    fn each_picture(&mut self, change: &mut dyn FnMut(&mut Option<String>)) {
        self.0.each_picture(change);
        self.1.each_picture(change);
    }
}

/// Data that occurs beside somebody who has a picture.
impl HasPictures for i64 {
    fn each_picture(&mut self, _: &mut dyn FnMut(&mut Option<String>)) {}
}

impl HasPictures for MissedRoom {
    fn each_picture(&mut self, _: &mut dyn FnMut(&mut Option<String>)) {}
}

impl HasPictures for RoomProblem {
    fn each_picture(&mut self, _: &mut dyn FnMut(&mut Option<String>)) {}
}

/// `Type: field, field;` for types whose fields contain pictures or, behind `=`, are the address of one.
macro_rules! has_pictures {
    ($($kind:ident: $($($field:ident)? $(= $address:ident)?),+;)+) => {$(
        impl HasPictures for $kind {
            fn each_picture(&mut self, change: &mut dyn FnMut(&mut Option<String>)) {
                $($(self.$field.each_picture(change);)? $(change(&mut self.$address);)?)+
            }
        }
    )+};
}

has_pictures! {
    Person: =avatar_url;
    Room: =avatar_url;
    IdentityProvider: =icon;
    SignInWays: providers;
    RoomChoice: room;
    InviteCard: rooms;
    InvitePage: invites;
    Block: by;
    Guest: person, joined, missed;
    Came: guests;
    InviteDetail: card, blocks, problems, came;
    KnownInvite: owner;
    OwnInvite: rooms;
    RoomInvite: invite, block, own;
    RoomInvites: room, invites;
    LookedAfter: rooms;
    ServerInvite: invite;
    AllPaused: by;
    ServerInvites: invites, all_paused;
    Step: room;
    Progress: steps;
    Landing: inviter, picture, shown, relation;
}

impl HasPictures for Relation {
    fn each_picture(&mut self, change: &mut dyn FnMut(&mut Option<String>)) {
        match self {
            Self::Invited(person) => person.each_picture(change),
            Self::Redeeming(person, progress) => {
                person.each_picture(change);
                progress.each_picture(change);
            }
            Self::SignedOut(_) | Self::Owner | Self::Away => {}
        }
    }
}
