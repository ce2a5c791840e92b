//! Enumerations of Zebra's custom messages and parameters.

define_enumerations! {
    ALL_ZEBRA:
    MotoGeneralRequestCapabilitiesRequestedData {
        All = 0, General_Capabilities = 1, Autonomous_Mode_Capabilities = 2,
        Tag_Events_Generation_Capabilities = 3, Filtering_Capabilities = 4,
        Persistence_Capabilities = 5, C1G2_Capabilities = 6, Tag_Locating_Capabilities = 7,
        Radio_DutyCycle_Capabilities = 8, Versions_Capabilities = 9, Advanced_Capabilities = 10,
        Max_Custom_Capabilities = 11
    }
    MotoGeneralGetParamsRequestedData {
        All = 0, MotoAutonomousState = 1, MotoFilterList = 2, MotoPersistenceSaveParams = 3,
        MotoDefaultSpec = 4, MotoRadioPowerState = 5, MotoRadioDutyCycle = 6,
        MotoCustomCommandOptions = 7, MotoPortalDirectionalityConfiguration = 8,
        MotoSledBatteryStatus = 9, MotoUSBHostParams = 10, MotoMaxCustomConfig = 11
    }
    MotoPortalDirectionalityMode { AntennaIndexMethod = 0, AntennaIndexMethodWithRFMetrics = 1 }
    MotoBatteryStatus {
        BATTERY_CHARGING = 0, BATTERY_DISCHARGING = 1, BATTERY_LEVEL_CRITICAL = 2,
        STATUS_UNKNOWN = 255
    }
    MotoFilterRuleRuleType { Inclusive = 0, Exclusive = 1, Continue = 2 }
    MotoFilterTimeRangeTimeFormat { Time_Of_Day = 0, UTC_Timestamp = 1 }
    MotoFilterTimeRangeMatch {
        Within_Range = 0, Outside_Range = 1, Greater_Than_Lower_Limit = 2,
        Lower_Than_Upper_Limit = 3
    }
    MotoFilterRSSIRangeMatch {
        Within_Range = 0, Outside_Range = 1, Greater_Than_Lower_Limit = 2,
        Lower_Than_Upper_Limit = 3
    }
    MotoPortalDirectionalityAntennaDirection { Input = 0, Output = 1 }
    MotoTagEventSelectorReportNewTagEvent { Never = 0, Immediate = 1, Moderated = 2 }
    MotoTagEventSelectorReportTagInvisibleEvent { Never = 0, Immediate = 1, Moderated = 2 }
    MotoTagEventSelectorReportTagVisibilityChangeEvent { Never = 0, Immediate = 1, Moderated = 2 }
    MotoReportFormat { No_Reporting = 0, Report_Notifications = 1, Report_Events = 2 }
    MotoTagEventTypeEnum {
        Unknown = 0, New_Tag_Visible = 1, Tag_Not_Visible = 2, Tag_Visibility_Changed = 3
    }
    MotoReportTriggerType {
        Moto_None = 0, Moto_Upon_N_Seconds_Or_End_Of_AISpec = 1,
        Moto_Upon_N_Seconds_Or_End_Of_ROSpec = 2
    }
    MotoC1G2RecommissionOperation {
        Undo_And_Disable_Block_Permalock = 1, Disable_User_Memory = 2,
        Disable_User_Memory_2ndOption = 3, Undo_Lock_And_Make_Passwords_Unreadable = 4,
        Undo_And_Disable_Block_Permalock_And_Undo_Lock_And_Make_Passwords_Unreadable = 5,
        Disable_User_Memory_And_Undo_Lock_And_Make_Passwords_Unreadable = 6,
        Disable_User_Memory_And_Undo_Lock_And_Make_Passwords_Unreadable_2ndOption = 7
    }
    MotoC1G2RecommissionOpSpecResultType {
        Success = 0, Zero_Kill_Password_Error = 1, Insufficient_Power = 2, Nonspecific_Tag_Error = 3,
        No_Response_From_Tag = 4, Nonspecific_Reader_Error = 5
    }
    MotoC1G2BlockPermalockOpSpecResultType {
        Success = 0, Insufficient_Power = 1, Nonspecific_Tag_Error = 2, No_Response_From_Tag = 3,
        Nonspecific_Reader_Error = 4
    }
    MotoNXPOpSpecResultType {
        Success = 0, Insufficient_Power = 1, Nonspecific_Tag_Error = 2, No_Response_From_Tag = 3,
        Nonspecific_Reader_Error = 4
    }
    MotoConnectionErrorType { Unknown_error = 0, Region_Not_Configured_error = 1 }
    MotoFujitsuOpSpecResultType {
        Success = 0, Insufficient_Power = 1, Nonspecific_Tag_Error = 2, No_Response_From_Tag = 3,
        Nonspecific_Reader_Error = 4, Tag_Memory_Overrun_Error = 5, Tag_Memory_Locked_Error = 6
    }
    MotoOpSpecResultType {
        Success = 0, Insufficient_Power = 1, Nonspecific_Tag_Error = 2, No_Response_From_Tag = 3,
        Nonspecific_Reader_Error = 4, Tag_Memory_Overrun_Error = 5, Tag_Memory_Locked_Error = 6
    }
    GenericParameterType {
        TAG_HANDLE_16 = 1, CRC_16 = 2, DR_1 = 3, M_1 = 4, TRExt_1 = 5, AccessPassword_XOR_2_32 = 6,
        CONFIG_XOR_16 = 7
    }
    GenericResponseSpecType {
        SUCCESS0 = 1, HANDLE_VALIDATE = 2, CRC16_VALIDATE = 3, CRC5_VALIDATE_64 = 4,
        CALIBRATE_USERDATA_512 = 5, RECV_DATA_16 = 6, SUCCESS0_HEADER_1 = 7
    }
    MotAntennaStopTriggerType { Dwell_Time = 0, Number_Inventory_Cycles = 1 }
}
