//! The standard's choices: places where one of several parameters may stand.

define_choices! {
    SpecParameter [AISpec, RFSurveySpec, LoopSpec, Custom];
    AccessCommandOpSpec [
        C1G2Read, C1G2Write, C1G2Kill, C1G2Recommission, C1G2Lock, C1G2BlockErase, C1G2BlockWrite,
        C1G2BlockPermalock, C1G2GetBlockPermalockStatus, ClientRequestOpSpec, Custom
    ];
    AccessCommandOpSpecResult [
        C1G2ReadOpSpecResult, C1G2WriteOpSpecResult, C1G2KillOpSpecResult, C1G2RecommissionOpSpecResult,
        C1G2LockOpSpecResult, C1G2BlockEraseOpSpecResult, C1G2BlockWriteOpSpecResult,
        C1G2BlockPermalockOpSpecResult, C1G2GetBlockPermalockStatusOpSpecResult, ClientRequestOpSpecResult,
        Custom
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
        C1G2BlockPermalock, C1G2GetBlockPermalockStatus, Custom
    ];
}
