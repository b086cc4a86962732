//! The use cases: everything that can be done with invites, with all rules and all authorisation, whichever interface
//! the request came through.

mod aliases;
mod attempts;
mod audit;
mod begun;
mod catalog;
mod chat;
mod chosen;
mod creators;
mod entries;
mod entry;
mod guesses;
mod guest;
mod housekeeping;
mod journey;
mod kept;
mod landing;
mod lease;
mod listing;
mod lists;
mod offers;
mod overview;
mod owner;
mod parse;
mod persons;
mod queue;
mod redeem;
mod registration_token;
mod room_admin;
mod rooms;
mod rules;
mod running;
mod save;
mod search;
mod server_admin;
mod sharing;
mod shown;
mod sign_up;
mod strength;
mod switches;
mod takeover;
mod watchers;
mod work;

use std::sync::Arc;

use tokio_util::task::TaskTracker;
use url::Url;

use self::{
    aliases::Aliases,
    audit::AuditLog,
    begun::Begun,
    catalog::Catalog,
    chat::Chats,
    creators::Creators,
    guesses::Guesses,
    kept::Kept,
    lease::Leases,
    lists::Lists,
    offers::Offers,
    queue::Queues,
    redeem::Redeeming,
    registration_token::RegistrationTokens,
    rooms::RoomCheck,
    running::Running,
    sign_up::{Attempts, SignUps},
    switches::Switches,
    watchers::Watchers,
    work::Done,
};
pub use self::{
    begun::{ATTEMPT_KEPT, BegunAttempt, BrowserMemory},
    chosen::Chosen,
    guest::Guest,
    housekeeping::Housekeeping,
    lists::Listed,
    owner::Owner,
    persons::Persons,
    room_admin::RoomAdmin,
    rules::Rules,
    save::Saved,
    server_admin::ServerAdmin,
    sharing::SharedCodes,
    takeover::{Takeover, Takeovers},
    watchers::Watcher,
};
use crate::{
    chance::Chance,
    clock::Clock,
    config::{AccountLimits, FailedLookups, WorkLimits},
    homeserver::Homeserver,
    metrics::Metrics,
    store::Store,
};

/// The use cases, by kind of actor. Cheap to clone.
#[derive(Clone)]
pub struct Invites {
    /// For people who make invites.
    pub owner: Arc<Owner>,
    /// For people who hold a code.
    pub guest: Arc<Guest>,
    /// For room admins.
    pub room_admin: Arc<RoomAdmin>,
    /// For server admins.
    pub server_admin: Arc<ServerAdmin>,
    /// For people who make or open share links.
    pub shared_codes: SharedCodes,
    /// Imports from other programs.
    pub takeovers: Arc<Takeovers>,
    /// For operators who are asked what is kept about somebody.
    pub persons: Arc<Persons>,
    /// Recurring tasks.
    pub housekeeping: Arc<Housekeeping>,
}

/// What the use cases depend on.
pub struct Means<'a> {
    /// The database.
    pub store: &'a Store,
    /// The homeserver.
    pub homeserver: &'a Homeserver,
    /// The operator's settings for invites.
    pub rules: Rules,
    /// How many look-ups of codes may fail.
    pub failed_lookups: FailedLookups,
    /// How much work for the homeserver people may cause.
    pub limits: WorkLimits,
    /// How many attempts to create accounts are allowed.
    pub account_limits: AccountLimits,
    /// A page that says how to get an account.
    pub account_help: Option<Url>,
    /// The homeserver's address as browsers see it.
    pub homeserver_for_browsers: Url,
    /// The time.
    pub clock: Clock,
    /// The source of random numbers.
    pub chance: Chance,
    /// Tracks work that continues after the client has disconnected.
    pub tasks: TaskTracker,
    /// Where redemptions and refusals are counted.
    pub metrics: Metrics,
}

impl Invites {
    /// The use cases, on top of a database and a homeserver.
    pub fn new(means: Means<'_>) -> Self {
        let parts = Parts::new(means);
        Self {
            owner: Arc::new(parts.owner()),
            guest: Arc::new(parts.guest()),
            room_admin: Arc::new(parts.room_admin()),
            server_admin: Arc::new(parts.server_admin()),
            shared_codes: parts.shared_codes(),
            takeovers: Arc::new(parts.takeovers()),
            persons: Arc::new(parts.persons()),
            housekeeping: Arc::new(parts.housekeeping()),
        }
    }
}

/// What several of the actors share.
struct Parts<'a> {
    store: &'a Store,
    homeserver: &'a Homeserver,
    rules: Arc<Rules>,
    catalog: Catalog,
    tokens: RegistrationTokens,
    leases: Leases,
    audit: AuditLog,
    guesses: Guesses,
    work: Arc<Done>,
    account_limits: AccountLimits,
    account_help: Option<Url>,
    homeserver_for_browsers: Url,
    clock: Clock,
    chance: Chance,
    tasks: TaskTracker,
    metrics: Metrics,
}

impl<'a> Parts<'a> {
    fn new(means: Means<'a>) -> Self {
        let Means {
            store,
            homeserver,
            rules,
            failed_lookups,
            limits,
            account_limits,
            account_help,
            homeserver_for_browsers,
            clock,
            chance,
            tasks,
            metrics,
        } = means;
        let rules = Arc::new(rules);
        let catalog = Catalog {
            invites: store.invites.clone(),
            redemptions: store.redemptions.clone(),
            rules: Arc::clone(&rules),
            clock: Arc::clone(&clock),
        };
        let leases = Leases { store: store.leases.clone(), clock: Arc::clone(&clock), chance: chance.clone() };
        Self {
            tokens: RegistrationTokens {
                catalog: catalog.clone(),
                store: store.registration_tokens.clone(),
                homeserver: homeserver.registration_tokens.clone(),
                leases: leases.clone(),
                tasks: tasks.clone(),
            },
            audit: AuditLog {
                store: store.audit.clone(),
                days: rules.audit_days,
                clock: Arc::clone(&clock),
                chance: chance.clone(),
            },
            guesses: Guesses::new(failed_lookups, Arc::clone(&clock), metrics.clone()),
            work: Arc::new(Done::new(limits)),
            store,
            homeserver,
            rules,
            catalog,
            leases,
            account_limits,
            account_help,
            homeserver_for_browsers,
            clock,
            chance,
            tasks,
            metrics,
        }
    }

    fn switches(&self) -> Switches {
        Switches { invites: self.store.invites.clone(), tokens: self.tokens.clone(), audit: self.audit.clone() }
    }

    fn aliases(&self) -> Aliases {
        Aliases { invites: self.store.invites.clone(), rooms: self.homeserver.rooms.clone() }
    }

    fn owner(&self) -> Owner {
        Owner {
            catalog: self.catalog.clone(),
            creators: Creators {
                accounts: self.homeserver.accounts.clone(),
                rules: Arc::clone(&self.rules),
                clock: Arc::clone(&self.clock),
            },
            room_check: RoomCheck {
                rooms: self.homeserver.rooms.clone(),
                rules: Arc::clone(&self.rules),
                work: Arc::clone(&self.work),
                clock: Arc::clone(&self.clock),
            },
            guesses: self.guesses.clone(),
            invites: self.store.invites.clone(),
            redemptions: self.store.redemptions.clone(),
            stored_rooms: self.store.rooms.clone(),
            accounts: self.homeserver.accounts.clone(),
            rooms: self.homeserver.rooms.clone(),
            tokens: self.tokens.clone(),
            audit: self.audit.clone(),
            switches: self.switches(),
            lists: Lists::new(self.store.freshness.clone(), &self.metrics),
            work: Arc::clone(&self.work),
            clock: Arc::clone(&self.clock),
            chance: self.chance.clone(),
        }
    }

    fn guest(&self) -> Guest {
        let (redemptions, freshness) = (self.store.redemptions.clone(), self.store.freshness.clone());
        Guest {
            catalog: self.catalog.clone(),
            offers: Offers::new(self.catalog.clone(), redemptions.clone(), freshness),
            guesses: self.guesses.clone(),
            redemptions,
            stored_rooms: self.store.rooms.clone(),
            accounts: self.homeserver.accounts.clone(),
            rooms: self.homeserver.rooms.clone(),
            server_name: self.homeserver.server_name.clone(),
            redeeming: Arc::new(self.redeeming()),
            running: Running::default(),
            leases: self.leases.clone(),
            signals: self.store.signals.clone(),
            watchers: Watchers::new(self.metrics.clone()),
            sign_ups: self.sign_ups(),
            kept: Kept::new(&self.metrics),
            metrics: self.metrics.clone(),
            audit: self.audit.clone(),
            tasks: self.tasks.clone(),
        }
    }

    fn sign_ups(&self) -> SignUps {
        SignUps {
            new_accounts: self.homeserver.new_accounts.clone(),
            tokens: self.tokens.clone(),
            server_name: self.homeserver.server_name.clone(),
            help: self.account_help.clone(),
            homeserver_for_browsers: self.homeserver_for_browsers.clone(),
            attempts: Attempts::new(self.account_limits),
            begun: Begun::new(Arc::clone(&self.clock)),
            clock: Arc::clone(&self.clock),
            chance: self.chance.clone(),
        }
    }

    fn redeeming(&self) -> Redeeming {
        Redeeming {
            catalog: self.catalog.clone(),
            aliases: self.aliases(),
            redemptions: self.store.redemptions.clone(),
            stored_rooms: self.store.rooms.clone(),
            accounts: self.homeserver.accounts.clone(),
            rooms: self.homeserver.rooms.clone(),
            acting: self.homeserver.acting.clone(),
            signals: self.store.signals.clone(),
            chats: Chats {
                redemptions: self.store.redemptions.clone(),
                work: Arc::clone(&self.work),
                clock: Arc::clone(&self.clock),
                chance: self.chance.clone(),
            },
            tokens: self.tokens.clone(),
            leases: self.leases.clone(),
            queues: Queues::default(),
            audit: self.audit.clone(),
            work: Arc::clone(&self.work),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
        }
    }

    fn room_admin(&self) -> RoomAdmin {
        RoomAdmin {
            invites: self.store.invites.clone(),
            stored_rooms: self.store.rooms.clone(),
            accounts: self.homeserver.accounts.clone(),
            rooms: self.homeserver.rooms.clone(),
            rules: Arc::clone(&self.rules),
            audit: self.audit.clone(),
            work: Arc::clone(&self.work),
            clock: Arc::clone(&self.clock),
        }
    }

    fn server_admin(&self) -> ServerAdmin {
        ServerAdmin {
            invites: self.store.invites.clone(),
            owners: self.store.owners.clone(),
            log: self.store.audit.clone(),
            days: self.store.days.clone(),
            accounts: self.homeserver.accounts.clone(),
            server_name: self.homeserver.server_name.clone(),
            rules: Arc::clone(&self.rules),
            tokens: self.tokens.clone(),
            switches: self.switches(),
            audit: self.audit.clone(),
            clock: Arc::clone(&self.clock),
        }
    }

    fn shared_codes(&self) -> SharedCodes {
        SharedCodes { catalog: self.catalog.clone(), guesses: self.guesses.clone(), work: Arc::clone(&self.work) }
    }

    fn takeovers(&self) -> Takeovers {
        Takeovers {
            store: self.store.takeovers.clone(),
            here: self.store.other_programs.clone(),
            aliases: self.aliases(),
            clock: Arc::clone(&self.clock),
        }
    }

    fn persons(&self) -> Persons {
        Persons {
            store: self.store.persons.clone(),
            leases: self.leases.clone(),
            audit: self.audit.clone(),
            chance: self.chance.clone(),
        }
    }

    fn housekeeping(&self) -> Housekeeping {
        Housekeeping {
            redemptions: self.store.redemptions.clone(),
            leases: self.store.leases.clone(),
            tokens: self.tokens.clone(),
            audit: self.audit.clone(),
            clock: Arc::clone(&self.clock),
        }
    }
}
