//! Pages for administrators.

pub(crate) mod bitrix;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod company;
mod diagnostics;
pub(crate) mod ecss;
mod ecss_form;
pub(crate) mod employees;
mod finding;
pub(crate) mod login;
mod numbers;
mod profile_remark;
mod setup;
mod status;
pub(crate) mod test_call;
pub(crate) mod top;
mod trouble;
