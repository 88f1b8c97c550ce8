//! Everything that works on the partitions: for each, a sender, the reader and a witness.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kafka_client::Kafka;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::board::{Board, Place};
use super::readers::Reader;
use super::senders::Senders;
use super::witness;
use crate::BoxError;

pub(super) struct Crew {
    pub(super) senders: Senders,
    pub(super) reader: Reader,
    board: Arc<Board>,
    /// Where witnesses begin to look for leaders.
    brokers: Vec<String>,
    dismiss: watch::Sender<bool>,
    places: Mutex<Vec<(Place, JoinHandle<()>)>>,
}

impl Crew {
    pub(super) async fn start(
        kafka: &Kafka,
        board: &Arc<Board>,
        brokers: Vec<String>,
    ) -> Result<Self, BoxError> {
        Ok(Self {
            senders: Senders::start(kafka, board).await?,
            reader: Reader::start(kafka, board).await?,
            board: board.clone(),
            brokers,
            dismiss: watch::Sender::new(false),
            places: Mutex::default(),
        })
    }

    /// A partition there is now.
    pub(super) fn add(&self, place: Place) -> Result<(), BoxError> {
        self.senders.add(place);
        self.reader.add(place)?;
        let dismissed = self.dismiss.subscribe();
        let brokers = self.brokers.clone();
        let watching = witness::watch(self.board.clone(), brokers, place, dismissed);
        self.lock().push((place, tokio::spawn(watching)));
        Ok(())
    }

    pub(super) fn places(&self) -> Vec<Place> {
        self.lock().iter().map(|(place, _)| *place).collect()
    }

    /// The witnesses see no more; then nothing more is sent, and every send has its outcome.
    pub(super) async fn stop_sending(&self) {
        self.dismiss.send_replace(true);
        let witnesses: Vec<_> = self.lock().drain(..).collect();
        for ((topic, partition), witness) in witnesses {
            if let Err(error) = witness.await {
                let problem = format!("the witness of {topic}-{partition}: {error}");
                self.board.problem(problem);
            }
        }
        self.senders.stop().await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Place, JoinHandle<()>)>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
