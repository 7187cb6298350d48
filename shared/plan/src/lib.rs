//! extdns-plan
