//! The EPC schemes: header bytes and names (TDS section 14.2), one table.

/// Writes the table once and derives the enum and its lookups from it.
macro_rules! schemes {
    ($($header:literal $variant:ident $name:literal)*) => {
        /// An EPC scheme of TDS, whether or not [`decode`](crate::decode) reads it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scheme {
            $(#[doc = $name] $variant,)*
        }

        impl Scheme {
            /// The scheme that a binary EPC with this first byte is of.
            #[must_use]
            pub fn from_header(header: u8) -> Option<Self> {
                match header {
                    $($header => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The first byte of a binary EPC of this scheme.
            #[must_use]
            pub fn header(self) -> u8 {
                match self {
                    $(Self::$variant => $header,)*
                }
            }

            /// The name as in an EPC tag URI, for example `sgtin-96`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

schemes! {
    0x2C Gdti96 "gdti-96"
    0x2D Gsrn96 "gsrn-96"
    0x2E Gsrnp96 "gsrnp-96"
    0x2F Usdod96 "usdod-96"
    0x30 Sgtin96 "sgtin-96"
    0x31 Sscc96 "sscc-96"
    0x32 Sgln96 "sgln-96"
    0x33 Grai96 "grai-96"
    0x34 Giai96 "giai-96"
    0x35 Gid96 "gid-96"
    0x36 Sgtin198 "sgtin-198"
    0x37 Grai170 "grai-170"
    0x38 Giai202 "giai-202"
    0x39 Sgln195 "sgln-195"
    0x3A Gdti113 "gdti-113"
    0x3B AdiVar "adi-var"
    0x3C Cpi96 "cpi-96"
    0x3D CpiVar "cpi-var"
    0x3E Gdti174 "gdti-174"
    0x3F Sgcn96 "sgcn-96"
    0x40 Itip110 "itip-110"
    0x41 Itip212 "itip-212"
    0xE6 CpiPlusPlus "cpi++"
    0xE7 GsrnPlusPlus "gsrn++"
    0xE8 GsrnpPlusPlus "gsrnp++"
    0xE9 SglnPlusPlus "sgln++"
    0xEA GdtiPlusPlus "gdti++"
    0xEB GraiPlusPlus "grai++"
    0xEC SgcnPlusPlus "sgcn++"
    0xED ItipPlusPlus "itip++"
    0xEE GiaiPlusPlus "giai++"
    0xEF SsccPlusPlus "sscc++"
    0xF0 CpiPlus "cpi+"
    0xF1 GraiPlus "grai+"
    0xF2 SglnPlus "sgln+"
    0xF3 ItipPlus "itip+"
    0xF4 GsrnPlus "gsrn+"
    0xF5 GsrnpPlus "gsrnp+"
    0xF6 GdtiPlus "gdti+"
    0xF7 SgtinPlus "sgtin+"
    0xF8 SgcnPlus "sgcn+"
    0xF9 SsccPlus "sscc+"
    0xFA GiaiPlus "giai+"
    0xFB DsgtinPlus "dsgtin+"
    0xFC DsgtinPlusPlus "dsgtin++"
    0xFD SgtinPlusPlus "sgtin++"
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.name())
    }
}
