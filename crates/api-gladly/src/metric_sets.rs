//! Names of reports (contract §3.2, X-2, X-3).

/// A report that we make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// Contract §4.
    WorkSessions,
    /// Contract §5.
    ContactExport,
    /// Contract §6.
    AgentSummary,
}

impl Report {
    /// Whether the filter `channel`, and `inboxes` too, can be applied (contract §3.1).
    pub(crate) fn by_channel_and_inbox(self) -> bool {
        self != Self::AgentSummary
    }
    /// Whether the filter `teams` can be applied (contract §3.1).
    pub(crate) fn by_team(self) -> bool {
        self != Self::ContactExport
    }
    /// Whether it is cut into buckets of time.
    pub(crate) fn has_levels(self) -> bool {
        self == Self::AgentSummary
    }
}

/// The ten names that are accepted, in their canonical spelling.
pub(crate) const ACCEPTED: [(&str, Report); 10] = [
    ("ContactExportReport", Report::ContactExport),
    ("ContactExportReportV2", Report::ContactExport),
    ("ContactExportReportV3", Report::ContactExport),
    ("AgentSummaryReport", Report::AgentSummary),
    ("AgentSummary", Report::AgentSummary),
    ("AgentSummaryV2", Report::AgentSummary),
    ("WorkSessionEventsReportV3", Report::WorkSessions),
    ("WorkSessionEventsReportV4", Report::WorkSessions),
    ("WorkSessionsReport", Report::WorkSessions),
    ("WorkSessionsReportV3", Report::WorkSessions),
];

/// Names that the vendor has published and we do not make.
pub(crate) const OTHERS: [&str; 48] = [
    "AgentAwayTimeReport",
    "AgentAvailableTimeReportV2",
    "AgentDurationsReport",
    "AgentDurationsReportV2",
    "AgentLoginTimeReport",
    "AgentSummaryGlanceReport",
    "AgentSummaryGlanceReportV2",
    "AgentTimestampsReport",
    "FirstContactResolutionByAgentV2Report",
    "PaymentsByAgentReport",
    "AnswerUsageReport",
    "AnswerUsageByAgentReport",
    "ChannelMixReportV2",
    "ChannelWaitTimeReport",
    "ChannelWaitTimeReportV2",
    "ContactSummaryReport",
    "ContactSummaryReportV2",
    "ContactSummaryCountsReport",
    "ContactSummaryDurationsReport",
    "ContactSummaryDurationsReportV2",
    "ContactTimestampsReport",
    "ConversationExportReport",
    "ConversationSidekickExportReport",
    "ConversationSummaryReport",
    "ConversationTimestampsReport",
    "AbandonedCallsInIVRReport",
    "AutoThrottleMissedConversationsReport",
    "IVRExecutiveSummaryReportV2",
    "IvrEndStatesReportV2",
    "PaymentsSummaryReport",
    "ProactiveVoiceSummaryReport",
    "TopicHierarchyReport",
    "TaskExportReport",
    "TaskSummaryReport",
    "TaskTimestampsReport",
    "TopicSummaryReport",
    "AutoThrottleChangesReport",
    "ChatDisplayPctChangesReport",
    "HelpCenterAnswerSearchReport",
    "HelpCenterAnswerUsageReport",
    "QuickActionsUsageReport",
    "SelfServiceThreadsReport",
    "SidekickAssistsByClassificationTopicReport",
    "GladAppAnswerSearchReport",
    "GladAppAnswerUsageReport",
    "GladAppContactPointsReport",
    "GladlyAISessionsDetailReport",
    "GladlyAISessionsDetailWithMessagesReport",
];

/// The report of this name in any case, with the canonical spelling; otherwise how the name shall be echoed.
pub(crate) fn find(name: &str) -> Result<(&'static str, Report), String> {
    if let Some(known) = ACCEPTED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Ok(*known);
    }
    let published = OTHERS.iter().find(|known| known.eq_ignore_ascii_case(name));
    // A name of any length may be sent; nobody needs all of it back.
    Err(published.map_or_else(|| name.chars().take(100).collect(), |known| (*known).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // covers(gladly): S3.2, X-2
    #[test]
    fn ten_names_are_accepted_in_any_case_and_all_55_published_ones_are_known() {
        assert_eq!(find("contactExportReportV3"), Ok(("ContactExportReportV3", Report::ContactExport)));
        assert_eq!(find("AGENTSUMMARY"), Ok(("AgentSummary", Report::AgentSummary)));
        assert_eq!(find("worksessionsreport"), Ok(("WorkSessionsReport", Report::WorkSessions)));
        assert_eq!(find("ivrendstatesreportv2"), Err("IvrEndStatesReportV2".to_owned()));
        assert_eq!(find("nothingReport"), Err("nothingReport".to_owned()));
        let names: HashSet<_> = ACCEPTED.iter().map(|(name, _)| *name).chain(OTHERS).collect();
        // Three of the accepted names are not in the published list.
        assert_eq!(names.len(), 55 + 3);
    }
}
