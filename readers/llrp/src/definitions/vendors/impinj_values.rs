//! Enumerations of Impinj's custom messages and parameters. Where firmwares name one number differently, the older name
//! stands first and is the one shown.

define_enumerations! {
    ALL_IMPINJ:
    ImpinjRequestedDataType {
        All_Capabilities = 1000, Impinj_Detailed_Version = 1001, Impinj_Frequency_Capabilities = 1002,
        Impinj_xArray_Capabilities = 1003, Impinj_Array_Capabilities = 1003, Impinj_Antenna_Capabilities = 1004,
        All_Configuration = 2000, Impinj_Sub_Regulatory_Region = 2001, Impinj_Forklift_Configuration = 2002,
        Impinj_GPI_Debounce_Configuration = 2003, Impinj_Reader_Temperature = 2004,
        Impinj_Link_Monitor_Configuration = 2005, Impinj_Report_Buffer_Configuration = 2006,
        Impinj_Access_Spec_Configuration = 2007, Impinj_GPS_NMEA_Sentences = 2008,
        Impinj_Advanced_GPO_Configuration = 2009, Impinj_Tilt_Configuration = 2010,
        Impinj_Beacon_Configuration = 2011, Impinj_Antenna_Configuration = 2012,
        Impinj_Location_Configuration = 2013, Impinj_Transition_Configuration = 2014,
        Impinj_Hub_Configuration = 2015, Impinj_PolarizationControl_Configuration = 2017,
        Impinj_Direction_Configuration = 2018
    }
    ImpinjRegulatoryRegion {
        FCC_Part_15_247 = 0, ETSI_EN_300_220 = 1, ETSI_EN_302_208_With_LBT = 2, Hong_Kong_920_925_MHz = 3,
        Taiwan_922_928_MHz = 4, Japan_952_954_MHz = 5, Japan_952_954_MHz_Low_Power = 6,
        ETSI_EN_302_208_v1_2_1 = 7, Korea_917_921_MHz = 8, Malaysia_919_923_MHz = 9, China_920_925_MHz = 10,
        Japan_952_956_MHz_Without_LBT = 11, South_Africa_915_919_MHz = 12, Brazil_902_907_and_915_928_MHz = 13,
        Thailand_920_925_MHz = 14, Singapore_920_925_MHz = 15, Australia_920_926_MHz = 16,
        India_865_867_MHz = 17, Uruguay_916_928_MHz = 18, Vietnam_920_925_MHz = 19, Vietnam_918_923_MHz = 19,
        Israel_915_917_MHz = 20, Philippines_918_920_MHz = 21, Canada_Post = 22, Vietnam_920_923_MHz = 22,
        Indonesia_923_925_MHz = 23, Indonesia_920_923_MHz = 23, New_Zealand_921p5_928_MHz = 24,
        Japan_916_921_MHz_Without_LBT = 25, Latin_America_902_928_MHz = 26, Peru_916_928_MHz = 27,
        Bangladesh_925_927_MHz = 28, ETSI_915_921_MHz = 29, Morocco_867_868_MHz = 30,
        Paraguay_918_928_MHz = 31, Morocco = 32, Chile = 33
    }
    ImpinjInventorySearchType {
        Reader_Selected = 0, Single_Target = 1, Dual_Target = 2, Single_Target_With_Suppression = 3,
        No_Target = 4, Single_Target_BtoA = 5, Dual_Target_with_BtoASelect = 6
    }
    ImpinjTagDirectionAntennaConfiguration { Dual_Antenna = 1, Quad_Antenna = 2 }
    ImpinjDirection { Indeterminate = 0, From_Side2_To_Side1 = 1, From_Side1_To_Side2 = 2 }
    ImpinjFixedFrequencyMode { Disabled = 0, Auto_Select = 1, Channel_List = 2 }
    ImpinjReducedPowerMode { Disabled = 0, Enabled = 1 }
    ImpinjLowDutyCycleMode { Disabled = 0, Enabled = 1 }
    ImpinjLinkMonitorMode { Disabled = 0, Enabled = 1 }
    ImpinjReportBufferMode { Normal = 0, Low_Latency = 1 }
    ImpinjBlockPermalockResultType {
        Success = 0, Insufficient_Power = 1, Nonspecific_Tag_Error = 2, No_Response_From_Tag = 3,
        Nonspecific_Reader_Error = 4, Incorrect_Password_Error = 5, Tag_Memory_Overrun_Error = 6
    }
    ImpinjGetBlockPermalockStatusResultType {
        Success = 0, Nonspecific_Tag_Error = 1, No_Response_From_Tag = 2, Nonspecific_Reader_Error = 3,
        Incorrect_Password_Error = 4, Tag_Memory_Overrun_Error = 5
    }
    ImpinjQTDataProfile { Unknown = 0, Private = 1, Public = 2 }
    ImpinjQTAccessRange { Unknown = 0, Normal_Range = 1, Short_Range = 2 }
    ImpinjQTPersistence { Unknown = 0, Temporary = 1, Permanent = 2 }
    ImpinjSetQTConfigResultType {
        Success = 0, Insufficient_Power = 1, Nonspecific_Tag_Error = 2, No_Response_From_Tag = 3,
        Nonspecific_Reader_Error = 4, Incorrect_Password_Error = 5
    }
    ImpinjGetQTConfigResultType {
        Success = 0, Nonspecific_Tag_Error = 1, No_Response_From_Tag = 2, Nonspecific_Reader_Error = 3,
        Incorrect_Password_Error = 4
    }
    ImpinjSerializedTIDMode { Disabled = 0, Enabled = 1 }
    ImpinjRFPhaseAngleMode { Disabled = 0, Enabled = 1 }
    ImpinjPeakRSSIMode { Disabled = 0, Enabled = 1 }
    ImpinjGPSCoordinatesMode { Disabled = 0, Enabled = 1 }
    ImpinjRFDopplerFrequencyMode { Disabled = 0, Enabled = 1 }
    ImpinjTxPowerReportingModeEnum { Disabled = 0, Enabled = 1 }
    ImpinjOptimizedReadMode { Disabled = 0, Enabled = 1 }
    ImpinjAccessSpecOrderingMode { FIFO = 0, Ascending = 1 }
    ImpinjAdvancedGPOMode {
        Normal = 0, Pulsed = 1, Reader_Operational_Status = 2, LLRP_Connection_Status = 3,
        Reader_Inventory_Status = 4, Network_Connection_Status = 5, Reader_Inventory_Tags_Status = 6
    }
    ImpinjEncodeStatus { Disabled = 0, Enabled = 1 }
    ImpinjLockPrivilege { No_Action = 0, Unlock = 1, Lock = 2, Perma_Lock = 3, Perma_Unlock = 4 }
    ImpinjEncodeMode { Batch = 1, Continuous = 2 }
    ImpinjTagICType { Monza3 = 1, Monza4 = 2, Monza5 = 3, AnyGen2 = 100 }
    ImpinjOpSpecAction {
        Op_Spec_Started = 1, Op_Spec_Finished = 2, Op_Spec_Success = 3, Op_Spec_Failure = 4,
        Op_Spec_SingleSuccess = 5, Op_Spec_SingleFailure = 6
    }
    ImpinjEncodeResultType {
        Success = 0, Success_With_Degraded_Performance = 1, Encode_Timeout = 2, Encode_Data_Cache_Empty = 3,
        Wrong_Tag_IC_Detected = 4
    }
    ImpinjEncodeDataResultType {
        Success = 0, Failure = 1, Timeout = 2, Not_Attempted = 3, Insufficient_Power = 4,
        No_Response_From_Tag = 5, Incorrect_Password_Error = 6, Tag_Memory_Locked_Error = 7,
        Nonspecific_Tag_Error = 8, Nonspecific_Reader_Error = 9
    }
    ImpinjHubConnectedType { Unknown = 0, Disconnected = 1, Connected = 2 }
    ImpinjHubFaultType {
        No_Fault = 0, RF_Power = 1, RF_Power_On_Hub_1 = 2, RF_Power_On_Hub_2 = 3, RF_Power_On_Hub_3 = 4,
        RF_Power_On_Hub_4 = 5, No_Init = 6, Serial_Overflow = 7, Disconnected = 8
    }
    ImpinjLocationReportType { Entry = 0, Update = 1, Exit = 2 }
}
