//! Administration of Apache Kafka clusters.
//!
//! Useful alone to whoever operates a cluster without producing or consuming:
//! an [`Admin`] creates, deletes, lists and describes topics, sends each request
//! to the broker it belongs to, and follows the controller when it moves.
//!
//! ```no_run
//! use kafka_admin::{Admin, AdminConfig, NewTopic};
//! use kafka_net::{Environment, NetConfig, Pool};
//! use kafka_router::{Router, RouterConfig};
//!
//! # async fn create() -> Result<(), kafka_net::Error> {
//! let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
//! let config = RouterConfig::default().with_bootstrap_servers("localhost:9092")?;
//! let admin = Admin::new(Router::new(config, pool)?, AdminConfig::default());
//!
//! let orders = NewTopic::new("orders", 6, 3).config("cleanup.policy", "compact");
//! let created = admin.create_topic(orders).await?;
//! println!("created {} as {}", created.name, created.id);
//!
//! for topic in admin.list_topics().await? {
//!     println!("{}", topic.name);
//! }
//! # Ok(())
//! # }
//! ```

mod admin;
mod config;
mod topics;

pub use admin::Admin;
pub use config::AdminConfig;
pub use kafka_router::DescribeTopicsOptions;
pub use topics::{CreateTopicsOptions, NewTopic, TopicConfig, TopicCreated, TopicListing};
