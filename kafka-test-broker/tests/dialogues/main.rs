//! Dialogues with the brokers in raw messages: for every API what is answered,
//! in every version, and what is refused.

mod client;
mod fetch;
mod produce;
