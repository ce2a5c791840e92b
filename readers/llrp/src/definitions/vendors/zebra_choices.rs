//! Choices between Zebra's custom parameters.

use super::zebra::{
    MotoFilterTimeOfDay, MotoGenericParamData, MotoGenericParamValue,
    MotoPortalDirectionalityAIMControlParameter, MotoUTCTimestamp,
};

define_choices! {
    ALL_ZEBRA:
    ModeControlParameter [MotoPortalDirectionalityAIMControlParameter];
    MotoFilterTimeFormatChoice [MotoFilterTimeOfDay, MotoUTCTimestamp];
    MotoGenericParamSpec [MotoGenericParamData, MotoGenericParamValue];
}
