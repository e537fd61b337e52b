//! A typed client that tokenises before anything leaves the member.
