//! Who may call what: the role matrix, one line for each rpc of the contract, whether it is built yet or not.
//!
//! An rpc without a line is refused. A test at the edge holds the table against the contract's descriptors.

use crate::domain::caller::Caller;
use crate::domain::member::Role;

/// Whether an rpc is one question and one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One message each way.
    Unary,
    /// The same, but a whole book is read for it: it may take as long as a stream.
    Lengthy,
    /// A stream in at least one direction.
    Streaming,
}

/// Who may call an rpc.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    path: &'static str,
    roles: &'static [Role],
    shape: Shape,
}

const LENDER: &[Role] = &[Role::Lender];
const OPERATOR: &[Role] = &[Role::Operator];
const LENDER_OPERATOR: &[Role] = &[Role::Lender, Role::Operator];
const REGULATOR_OPERATOR: &[Role] = &[Role::Regulator, Role::Operator];
const EVERYONE_BUT_COLLECTOR: &[Role] = &[Role::Lender, Role::Regulator, Role::Operator];
const ANYONE: &[Role] = &[Role::Lender, Role::Regulator, Role::Operator, Role::Collector];

/// The matrix, in order of paths.
#[rustfmt::skip]
pub const PERMISSIONS: [Permission; 46] = [
    Permission::new("/grpc.health.v1.Health/Check", ANYONE, Shape::Unary),
    Permission::new("/grpc.health.v1.Health/Watch", ANYONE, Shape::Streaming),
    Permission::new("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", ANYONE, Shape::Streaming),
    Permission::new("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", ANYONE, Shape::Streaming),
    Permission::new("/tallystick.v1.AdminService/AddCertificate", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/CreateMember", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/GetConduct", REGULATOR_OPERATOR, Shape::Lengthy),
    Permission::new("/tallystick.v1.AdminService/GetMember", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/GrantEvaluations", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/ListMembers", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/MergeSubjects", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/RevokeCertificate", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/SplitSubject", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.AdminService/UpdateMember", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/BackfillOfflineCode", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/CheckAndReserve", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/ConfirmReservation", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/ExplainDecision", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/ExtendReservation", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/GetReservation", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/IssueOfflineCodes", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/ListOfflineUses", EVERYONE_BUT_COLLECTOR, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/QueryExposure", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/ReleaseReservation", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ExposureService/ReviewPortfolio", LENDER, Shape::Streaming),
    Permission::new("/tallystick.v1.ReportingService/ConfirmBatch", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/CorrectPosition", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/DeletePosition", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/GetBatch", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/GetDataQuality", EVERYONE_BUT_COLLECTOR, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/GetPosition", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/GetReconciliation", LENDER, Shape::Lengthy),
    Permission::new("/tallystick.v1.ReportingService/ListBatches", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/ListMissingPositions", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/ListPositionVersions", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/ListPositions", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/ListRecordResults", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/ReportPosition", LENDER, Shape::Unary),
    Permission::new("/tallystick.v1.ReportingService/UploadBatch", LENDER, Shape::Streaming),
    Permission::new("/tallystick.v1.StatisticsService/CreateSnapshot", OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.StatisticsService/GetIndicator", REGULATOR_OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.StatisticsService/GetSnapshot", REGULATOR_OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.StatisticsService/ListIndicators", REGULATOR_OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.StatisticsService/ListSnapshots", REGULATOR_OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.TokenService/EvaluateBlinded", LENDER_OPERATOR, Shape::Unary),
    Permission::new("/tallystick.v1.TokenService/GetTokenKeys", LENDER_OPERATOR, Shape::Unary),
];

impl Permission {
    const fn new(path: &'static str, roles: &'static [Role], shape: Shape) -> Self {
        Self { path, roles, shape }
    }

    /// The rule of an rpc by its path, such as `/tallystick.v1.ExposureService/QueryExposure`; `None` for an unknown one.
    pub fn of(path: &str) -> Option<&'static Self> {
        PERMISSIONS
            .binary_search_by(|known| known.path.cmp(path))
            .ok()
            .and_then(|place| PERMISSIONS.get(place))
    }

    /// The rpc's path.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The roles that may call it: any one of them suffices.
    pub const fn roles(&self) -> &'static [Role] {
        self.roles
    }

    /// Whether it streams.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether a caller may call it.
    pub fn allows(&self, caller: &Caller) -> bool {
        self.roles.iter().any(|role| caller.has_role(*role))
    }
}
