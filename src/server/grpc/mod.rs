//! The services of the contract, one file each, and those that every gRPC service has.

mod admin_service;
mod batches;
mod conduct;
mod exposure_service;
mod offline;
mod quality;
mod reporting_service;
mod reservations;
mod statistics_service;
mod token_service;
mod upload;

use std::pin::Pin;
use std::sync::Arc;

use tonic::Status;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, HealthService};
use tonic_reflection::server::Builder;

use self::admin_service::AdminApi;
use self::exposure_service::Answers;
use self::reporting_service::Reports;
use self::statistics_service::StatisticsApi;
use self::token_service::TokenApi;
use super::Limits;
use super::assembly::{Rooms, ServeError};
use super::layers::Session;
use crate::domain::conduct::Thresholds;
use crate::domain::date::BusinessZone;
use crate::wire::convert::Reading;
use crate::wire::convert::page::PageKey;
use crate::wire::convert::subject_token::KeyVersions;
use crate::wire::pb;
use crate::wire::pb::admin_service_server::{self, AdminServiceServer};
use crate::wire::pb::exposure_service_server::{self, ExposureServiceServer};
use crate::wire::pb::reporting_service_server::{self, ReportingServiceServer};
use crate::wire::pb::statistics_service_server::{self, StatisticsServiceServer};
use crate::wire::pb::token_service_server::{self, TokenServiceServer};

/// The services whose health is told, "" being the whole.
const SERVICES: [&str; 6] = [
    "",
    admin_service_server::SERVICE_NAME,
    exposure_service_server::SERVICE_NAME,
    reporting_service_server::SERVICE_NAME,
    statistics_service_server::SERVICE_NAME,
    token_service_server::SERVICE_NAME,
];

/// A stream of answers.
pub type Stream<T> = Pin<Box<dyn futures::Stream<Item = Result<T, Status>> + Send>>;

/// What reading requests needs to know of this market.
#[derive(Debug)]
pub struct Market {
    /// Where business days begin and end.
    pub zone: BusinessZone,
    /// The key versions that tokens may have.
    pub key_versions: KeyVersions,
    /// Seals page tokens.
    pub page_key: PageKey,
    /// When a member's conduct alerts.
    pub conduct: Thresholds,
}

impl Market {
    /// Reads a request of a session, today.
    pub fn reading(&self, session: &Session) -> Reading<'_, KeyVersions> {
        self.reading_with(session, &self.key_versions)
    }

    /// The same with another reader of tokens.
    pub fn reading_with<'m, R>(&self, session: &Session, tokens: &'m R) -> Reading<'m, R> {
        Reading {
            tokens,
            today: self.zone.date_of(session.now()),
        }
    }
}

/// Every service over the rooms.
pub(super) fn routes(rooms: Rooms, limits: &Limits, health: &HealthReporter) -> Result<Routes, ServeError> {
    let bytes = usize::try_from(limits.message_bytes_max).unwrap_or(usize::MAX);
    let admin = AdminServiceServer::new(AdminApi::new(&rooms));
    let statistics = StatisticsServiceServer::new(StatisticsApi {
        window: rooms.window.clone(),
        market: Arc::clone(&rooms.market),
    });
    let tokens = TokenServiceServer::new(TokenApi::new(&rooms));
    let reports = ReportingServiceServer::new(Reports::new(
        rooms.reporting,
        Arc::clone(&rooms.members),
        Arc::clone(&rooms.market),
    ));
    let answers = ExposureServiceServer::new(Answers::new(rooms.exposure, rooms.members, rooms.market));
    let health = tonic_health::pb::health_server::HealthServer::new(HealthService::from_health_reporter(
        health.clone(),
    ));
    let mut routes = Routes::builder();
    routes
        .add_service(
            reports
                .max_decoding_message_size(bytes)
                .max_encoding_message_size(bytes),
        )
        .add_service(
            answers
                .max_decoding_message_size(bytes)
                .max_encoding_message_size(bytes),
        )
        .add_service(
            admin
                .max_decoding_message_size(bytes)
                .max_encoding_message_size(bytes),
        )
        .add_service(
            statistics
                .max_decoding_message_size(bytes)
                .max_encoding_message_size(bytes),
        )
        .add_service(
            tokens
                .max_decoding_message_size(bytes)
                .max_encoding_message_size(bytes),
        )
        .add_service(health.max_decoding_message_size(bytes))
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    Ok(routes.routes().prepare())
}

/// The contract as it was compiled, options and comments included, and the health service.
fn reflection() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Tells the health of all services.
pub(super) async fn announce(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}
