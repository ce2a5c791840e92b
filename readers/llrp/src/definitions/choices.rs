//! The standard's choices: places where one of several parameters may stand. Zebra's own are found here too.

pub use super::vendors::zebra_choices::*;

#[allow(clippy::wildcard_imports, reason = "the table names parameters without saying where they stand")]
use super::parameters::*;

define_choices! {
    ALL:
    SpecParameter [AISpec, RFSurveySpec, LoopSpec, Custom];
    AccessCommandOpSpec [
        C1G2Read, C1G2Write, C1G2Kill, C1G2Recommission, C1G2Lock, C1G2BlockErase, C1G2BlockWrite,
        C1G2BlockPermalock, C1G2GetBlockPermalockStatus, C1G2Untraceable, C1G2Authenticate, C1G2AuthComm,
        C1G2SecureComm, C1G2ReadBuffer, C1G2KeyUpdate, C1G2TagPrivilege, ClientRequestOpSpec, Custom
    ];
    AccessCommandOpSpecResult [
        C1G2ReadOpSpecResult, C1G2WriteOpSpecResult, C1G2KillOpSpecResult, C1G2RecommissionOpSpecResult,
        C1G2LockOpSpecResult, C1G2BlockEraseOpSpecResult, C1G2BlockWriteOpSpecResult,
        C1G2BlockPermalockOpSpecResult, C1G2GetBlockPermalockStatusOpSpecResult, C1G2UntraceableOpSpecResult,
        C1G2AuthenticateOpSpecResult, C1G2AuthCommOpSpecResult, C1G2SecureCommOpSpecResult,
        C1G2ReadBufferOpSpecResult, C1G2KeyUpdateOpSpecResult, C1G2TagPrivilegeOpSpecResult,
        ClientRequestOpSpecResult, Custom
    ];
    EPCParameter [EPCData, EPC_96];
    Timestamp [UTCTimestamp, Uptime];
    AirProtocolLLRPCapabilities [C1G2LLRPCapabilities];
    AirProtocolUHFRFModeTable [C1G2UHFRFModeTable];
    AirProtocolInventoryCommandSettings [C1G2InventoryCommand];
    AirProtocolTagSpec [C1G2TagSpec];
    AirProtocolEPCMemorySelector [C1G2EPCMemorySelector];
    AirProtocolTagData [C1G2_PC, C1G2_CRC, C1G2_XPCW1, C1G2_XPCW2];
    AirProtocolSingulationDetails [C1G2SingulationDetails];
    AirProtocolOpSpec [
        C1G2Read, C1G2Write, C1G2Kill, C1G2Recommission, C1G2Lock, C1G2BlockErase, C1G2BlockWrite,
        C1G2BlockPermalock, C1G2GetBlockPermalockStatus, C1G2Untraceable, C1G2Authenticate, C1G2AuthComm,
        C1G2SecureComm, C1G2ReadBuffer, C1G2KeyUpdate, C1G2TagPrivilege, Custom
    ];
}
