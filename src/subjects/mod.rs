//! Tokens of subjects: mapping to pseudonyms, evaluation with quota.
