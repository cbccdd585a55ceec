#include "report/check_report.h"

#include "base/file_name.h"
#include "base/text.h"
#include "report/accumulators_report.h"
#include "report/json_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

std::string counted(std::size_t count, std::string_view word)
{
    return fmt::format("{} {}{}", grouped(count), word, count == 1 ? "" : "s");
}

Json findingJson(const Network &network, const Finding &finding)
{
    const std::string &name = subjectName(network, finding.subject);
    Json out{{"rule", finding.rule}, {"severity", severityName(finding.severity)},
        {"layer", name.empty() && !finding.subject.layer ? Json(nullptr) : Json(name)},
        {"slot", finding.subject.slot ? Json(*finding.subject.slot) : Json(nullptr)}};
    if (finding.node)
        out["operator"] = network.flow.node(*finding.node).name.empty() ? network.flow.node(*finding.node).opType
                                                                        : network.flow.node(*finding.node).name;
    out["text"] = finding.text;
    out["fix"] = finding.fix;
    out["source"] = finding.source;
    return out;
}

/// Rules with the same reason in one line.
std::string uncheckedText(const std::vector<UncheckedRule> &unchecked)
{
    std::string out;
    for (const UncheckedRules &one : byReason(unchecked))
        out += fmt::format("not checked: {}: {}\n", fmt::join(one.rules, ", "), printable(one.why));
    return out;
}

} // namespace

std::string findingText(const Finding &finding)
{
    std::string out
        = fmt::format("{}: {} [{}]\n", severityName(finding.severity), printable(finding.text), finding.rule);
    if (!finding.fix.empty())
        out += fmt::format("    do: {}\n", printable(finding.fix));
    return finding.source == kSaidByFile ? out : out + fmt::format("    from: {}\n", finding.source);
}

std::vector<UncheckedRules> byReason(const std::vector<UncheckedRule> &unchecked)
{
    std::vector<UncheckedRules> out;
    for (const UncheckedRule &rule : unchecked) {
        const auto known = std::ranges::find(out, rule.why, &UncheckedRules::why);
        if (known == out.end())
            out.push_back({rule.why, {rule.rule}});
        else
            known->rules.push_back(rule.rule);
    }
    return out;
}

std::string checkSummary(const CheckResult &result)
{
    std::vector<std::string> counts;
    for (const auto &[severity, word] : {std::pair(Severity::Error, "error"), std::pair(Severity::Warning, "warning"),
             std::pair(Severity::Note, "note")})
        if (const std::size_t count = result.count(severity); count > 0)
            counts.push_back(counted(count, word));
    if (result.muted > 0)
        counts.push_back(fmt::format("{} muted", grouped(result.muted)));
    const std::string verdict = !result.target
        ? (result.accepted() ? "nothing that every target refuses" : "no target takes this model as it is")
        : std::string(targetTitle(*result.target))
            + (result.accepted() ? " takes this model, as far as is checked" : " refuses this model");
    return counts.empty() ? verdict : fmt::format("{}: {}", verdict, fmt::join(counts, ", "));
}

std::string checkText(const Inspection &inspection, const CheckResult &result, const Accumulators &accumulators)
{
    std::string out
        = fmt::format("{}: {}\n", printable(fileName(inspection.network->file->path)), checkSummary(result));
    for (const Finding &finding : result.findings)
        out += "\n" + findingText(finding);
    if (!result.unchecked.empty())
        out += "\n" + uncheckedText(result.unchecked);
    const std::string sums = accumulatorsText(*inspection.network, accumulators);
    return sums.empty() ? out : out + "\n" + sums;
}

Json checkJson(const Inspection &inspection, const CheckResult &result, const Accumulators &accumulators)
{
    const Network &network = *inspection.network;
    Json out;
    out["schema"] = 1;
    out["file"] = fileName(network.file->path);
    out["target"] = result.target ? Json(targetName(*result.target)) : Json(nullptr);
    out["accepted"] = result.accepted();
    out["muted"] = result.muted;
    out["unchecked"] = Json::array();
    for (const UncheckedRule &rule : result.unchecked)
        out["unchecked"].push_back({{"rule", rule.rule}, {"why", rule.why}});
    out["findings"] = Json::array();
    for (const Finding &finding : result.findings)
        out["findings"].push_back(findingJson(network, finding));
    out["accumulators"] = accumulatorsJson(network, accumulators);
    return out;
}

} // namespace quantscope
