//! A wire between the service and what it talks to, homeserver or database, which is as wires are: slow, cut, or dead. In front of several
//! instances of the service it is a balancer. [`super::Proxy`] knows requests and answers, this one nothing but bytes.

use std::{
    io::{Error, ErrorKind, Result},
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// How much is passed on at once, at most.
const PIECE: usize = 16 * 1024;

/// How much time there is between the drops of a trickle.
const BETWEEN: Duration = Duration::from_millis(1);

/// How bytes pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// As they come.
    Free,
    /// Each piece so much later.
    Late(Duration),
    /// So many at a time.
    Trickling(usize),
    /// Not at all, and nobody is told: connections come about and stay. Those that lost something are reset once it is over, as by a
    /// firewall that knows nothing of them any more.
    Swallowed,
}

/// A direction, as the service sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    There,
    Back,
}

/// What happens to connections at some piece, which does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All of them are reset.
    Reset,
    /// The one that it is on ends in this direction, and stays in the other. Only pieces in this direction count.
    HalfClose(Way),
}

struct Inner {
    to: Mutex<Vec<String>>,
    /// The number of connections so far, and of those that were refused.
    turn: AtomicUsize,
    /// Where the latest connection leads to.
    latest: AtomicUsize,
    flow: watch::Sender<Flow>,
    /// Tells all connections that they are reset.
    resets: watch::Sender<()>,
    /// What is to happen, and at which piece from now.
    cut: Mutex<Option<(u32, Cut)>>,
}

pub struct Wire {
    /// Keeps the port while nobody listens there.
    port: TcpSocket,
    inner: Arc<Inner>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Wire {
    /// One in front of `to`, a host and a port.
    pub fn before(to: &str) -> Self {
        Self::before_all(vec![to.to_owned()])
    }

    /// A balancer in front of several: each connection is led to the next of them that takes one, whoever has opened it.
    pub fn before_all(to: Vec<String>) -> Self {
        let inner = Arc::new(Inner {
            to: Mutex::new(to),
            turn: AtomicUsize::new(0),
            latest: AtomicUsize::new(0),
            flow: watch::Sender::new(Flow::Free),
            resets: watch::Sender::new(()),
            cut: Mutex::new(None),
        });
        let wire = Self { port: bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))), inner, listening: Mutex::new(None) };
        wire.listen();
        wire
    }

    pub fn address(&self) -> SocketAddr {
        self.port.local_addr().unwrap()
    }

    /// From now on connections are led to these.
    pub fn lead_to(&self, to: Vec<String>) {
        *self.inner.to.lock().unwrap() = to;
    }

    /// The number, from 0, of the one that the latest connection was led to.
    pub fn latest(&self) -> usize {
        self.inner.latest.load(Ordering::Relaxed)
    }

    /// From now on bytes pass like this.
    pub fn flow(&self, flow: Flow) {
        self.inner.flow.send_replace(flow);
    }

    /// Resets the connections that there are.
    pub fn reset(&self) {
        self.inner.resets.send_replace(());
    }

    /// Lets this happen at a piece from now, the first of which is 1.
    pub fn cut_at(&self, piece: u32, cut: Cut) {
        *self.inner.cut.lock().unwrap() = Some((piece, cut));
    }

    /// Whether what is to happen at a piece has not come to pass yet.
    pub fn is_cut_due(&self) -> bool {
        self.inner.cut.lock().unwrap().is_some()
    }

    /// From now on everything passes, and nothing is to happen any more.
    pub fn heal(&self) {
        *self.inner.cut.lock().unwrap() = None;
        self.flow(Flow::Free);
    }

    /// From now on new connections are refused, as where a program has ended.
    pub async fn refuse(&self) {
        let listening = self.listening.lock().unwrap().take();
        if let Some(listening) = listening {
            listening.abort();
            // Once it has ended, the socket is closed.
            listening.await.ok();
        }
    }

    /// Takes connections again.
    pub fn listen(&self) {
        let listener = bound(self.address()).listen(1024).unwrap();
        let listening = tokio::spawn(accept(Arc::clone(&self.inner), listener));
        *self.listening.lock().unwrap() = Some(listening);
    }
}

/// A socket with this address, which other sockets that are made here may have as well.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn accept(inner: Arc<Inner>, listener: TcpListener) {
    loop {
        // Whoever has gone before they were taken is nobody.
        let Ok((near, _)) = listener.accept().await else { continue };
        let resets = inner.resets.subscribe();
        tokio::spawn(carry(Arc::clone(&inner), near, resets));
    }
}

/// One connection, for as long as there is something to pass on.
async fn carry(inner: Arc<Inner>, mut near: TcpStream, mut resets: watch::Receiver<()>) {
    let Ok(mut far) = inner.connect().await else {
        near.set_zero_linger().ok();
        return;
    };
    near.set_nodelay(true).ok();
    far.set_nodelay(true).ok();
    let ended = {
        let (near_in, near_out) = near.split();
        let (far_in, far_out) = far.split();
        let there = inner.pass(near_in, far_out, Way::There);
        let back = inner.pass(far_in, near_out, Way::Back);
        let both = async { tokio::try_join!(there, back) };
        tokio::select! {
            ended = both => ended.is_ok(),
            _ = resets.changed() => false,
        }
    };
    if !ended {
        near.set_zero_linger().ok();
        far.set_zero_linger().ok();
    }
}

impl Inner {
    /// A connection to the next one that takes it.
    async fn connect(&self) -> Result<TcpStream> {
        let to = self.to.lock().unwrap().clone();
        let mut refused = Error::from(ErrorKind::ConnectionRefused);
        for _ in &to {
            let number = self.turn.fetch_add(1, Ordering::Relaxed) % to.len();
            match TcpStream::connect(&to[number]).await {
                Ok(stream) => {
                    self.latest.store(number, Ordering::Relaxed);
                    return Ok(stream);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Passes on what comes in one direction until that has ended.
    ///
    /// # Errors
    /// If the whole connection is to be reset.
    async fn pass(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way) -> Result<()> {
        let mut buffer = vec![0; PIECE];
        loop {
            let length = from.read(&mut buffer).await?;
            let flow = *self.flow.borrow();
            if flow == Flow::Swallowed {
                let mut flow = self.flow.subscribe();
                flow.wait_for(|flow| *flow != Flow::Swallowed).await.ok();
                return Err(ErrorKind::ConnectionReset.into());
            }
            let cut = self.cut(way);
            if cut == Some(Cut::Reset) {
                self.resets.send_replace(());
                return Err(ErrorKind::ConnectionReset.into());
            }
            if length == 0 || cut.is_some() {
                to.shutdown().await.ok();
                return Ok(());
            }
            let piece = &buffer[..length];
            match flow {
                Flow::Late(by) => {
                    sleep(by).await;
                    to.write_all(piece).await?;
                }
                Flow::Trickling(bytes) => {
                    for few in piece.chunks(bytes) {
                        to.write_all(few).await?;
                        sleep(BETWEEN).await;
                    }
                }
                Flow::Free | Flow::Swallowed => to.write_all(piece).await?,
            }
        }
    }

    /// Counts a piece, and tells what happens at it.
    fn cut(&self, way: Way) -> Option<Cut> {
        let mut next = self.cut.lock().unwrap();
        let (left, cut) = (*next)?;
        if matches!(cut, Cut::HalfClose(only) if only != way) {
            return None;
        }
        let left = left.saturating_sub(1);
        *next = (left > 0).then_some((left, cut));
        (left == 0).then_some(cut)
    }
}
