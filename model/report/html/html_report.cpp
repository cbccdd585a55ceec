#include "report/html/html_report.h"

#include "base/file_name.h"
#include "base/parallel.h"
#include "base/text.h"
#include "report/accumulators_report.h"
#include "report/check_report.h"
#include "report/html/html_layer.h"
#include "report/html/html_style.h"
#include "report/html/html_text.h"
#include "report/layer_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Some 10 KB of page each.
constexpr std::size_t kMostDrawnLayers = 500;

std::string linkTo(const Network &network, LayerId id)
{
    const Layer &layer = network.layer(id);
    return fmt::format("<a href=\"#{}\">{}</a>", htmlAnchor(layer), htmlText(layer.name));
}

std::string tile(const std::string &value, std::string_view what)
{
    return fmt::format("<div class=\"tile\"><b>{}</b>{}</div>\n", htmlText(value), htmlText(what));
}

std::size_t countOf(const Inspection &inspection, Severity severity)
{
    return static_cast<std::size_t>(std::ranges::count(inspection.diagnostics, severity, &Diagnostic::severity));
}

std::string tiles(const Inspection &inspection)
{
    const Network &network = *inspection.network;
    std::uint64_t parameters = 0, bits = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            parameters += slot.tensor ? slot.tensor->count() : 0;
            bits += codeBits(slot);
        }
    std::string out = tile(std::string(traitsOf(network.dialect).name), "format");
    out += tile(grouped(network.layers.size()), "layers");
    out += tile(grouped(parameters), "weights + biases");
    out += tile(grouped(bits), "integer bits");
    out += tile(grouped(countOf(inspection, Severity::Error)), "errors");
    out += tile(grouped(countOf(inspection, Severity::Warning)), "warnings");
    return "<div class=\"tiles\">\n" + out + "</div>\n";
}

std::string layerTable(const Inspection &inspection)
{
    std::string rows;
    const auto orDash = [](const std::string &text) { return text.empty() ? "-" : htmlText(text); };
    const std::vector<LayerRow> layers = layerRows(inspection);
    for (const Layer &layer : inspection.network->layers) {
        const LayerRow &row = layers[position(layer.id)];
        const auto marked = [&](const std::string &text, bool assumed) {
            return row.contradicted ? fmt::format("<span class=\"overflow\">{} (wrong)</span>", orDash(text))
                : assumed           ? fmt::format("<span class=\"assumed\">{} (assumed)</span>", orDash(text))
                                    : orDash(text);
        };
        rows += htmlRow({linkTo(*inspection.network, layer.id), orDash(row.kind), orDash(row.shape),
            row.parameters ? grouped(*row.parameters) : "-", marked(row.bits, row.assumed),
            marked(row.scale, row.scaleAssumed), orDash(row.intFrac),
            row.sqnrDb ? fmt::format("{:.1f}", *row.sqnrDb) : "-",
            row.atLimitShare ? fmt::format("{:.2f}", 100 * *row.atLimitShare) : "-",
            row.problems > 0 ? std::to_string(row.problems) : ""});
    }
    return "<h2 id=\"layers\">Layers</h2>\n" + htmlTable("", layerTableHeader(), rows);
}

std::string problems(const Inspection &inspection)
{
    std::string out = "<h2 id=\"problems\">Problems</h2>\n";
    if (inspection.diagnostics.empty())
        return out + "<p class=\"dim\">none</p>\n";
    for (const Severity severity : {Severity::Error, Severity::Warning, Severity::Note})
        for (const Diagnostic &diagnostic : inspection.diagnostics) {
            if (diagnostic.severity != severity)
                continue;
            const std::string where = diagnostic.subject.layer
                ? linkTo(*inspection.network, *diagnostic.subject.layer) + ": "
                : std::string();
            out += fmt::format("<p class=\"finding {0}\"><b>{0}</b>{1}{2} <span class=\"dim\">[{3}]</span></p>\n",
                severityName(severity), where, htmlText(diagnostic.text), htmlText(diagnostic.rule));
        }
    return out;
}

std::string findingPart(const Network &network, const Finding &finding)
{
    const std::string where = finding.subject.layer ? linkTo(network, *finding.subject.layer) + ": " : std::string();
    std::string out = fmt::format("<div class=\"finding {0}\"><b>{0}</b>{1}{2} <span class=\"dim\">[{3}]</span>",
        severityName(finding.severity), where, htmlText(finding.text), htmlText(finding.rule));
    if (!finding.fix.empty())
        out += fmt::format("<div>do: {}</div>", htmlText(finding.fix));
    return out + fmt::format("<div class=\"dim\">{}</div></div>\n", htmlText(finding.source));
}

std::string checkPart(const Network &network, const CheckResult &checked)
{
    std::string out
        = fmt::format("<h2 id=\"check\">Check</h2>\n<p><strong>{}</strong></p>\n", htmlText(checkSummary(checked)));
    for (const Finding &finding : checked.findings)
        out += findingPart(network, finding);
    for (const UncheckedRule &rule : checked.unchecked)
        out += fmt::format("<p class=\"dim\">not checked: {}: {}</p>\n", htmlText(rule.rule), htmlText(rule.why));
    return out;
}

std::string accumulatorRows(const Network &network, const Accumulators &accumulators)
{
    std::string rows;
    for (const AccumulatorRange &range : accumulators.known) {
        std::string requantizations;
        for (const Requantization &requantization : range.requantizations)
            requantizations
                += (requantizations.empty() ? "" : "<br>") + htmlText(requantizationText(network, requantization));
        const std::string bits = htmlText(bitsText(range));
        rows += htmlRow({linkTo(network, range.layer), htmlText(inputName(network, range.input)),
            std::to_string(range.min), std::to_string(range.max),
            range.overflows() ? fmt::format("<span class=\"overflow\">{}: it overflows</span>", bits) : bits,
            std::to_string(range.channel), range.biasIncluded ? "included" : "-", requantizations});
    }
    return rows;
}

std::string accumulatorPart(const Network &network, const Accumulators &accumulators)
{
    if (accumulators.known.empty() && accumulators.unknown.empty())
        return {};
    std::string out = "<h2 id=\"accumulators\">Accumulators</h2>\n";
    if (!accumulators.known.empty())
        out += htmlTable("The smallest and largest sum of weight code times input code, over all inputs that the "
                         "quantizer lets through",
            {"Layer", "Input", "Smallest", "Largest", "Bits", "Channel", "Bias", "Requantization"},
            accumulatorRows(network, accumulators));
    for (const AccumulatorRange &range : accumulators.known)
        if (!range.bound.empty())
            out += fmt::format(
                "<p class=\"dim\">{}: at most, since {}</p>\n", linkTo(network, range.layer), htmlText(range.bound));
    for (const UnknownAccumulator &unknown : accumulators.unknown)
        out += fmt::format(
            "<p class=\"dim\">{}: not known: {}</p>\n", linkTo(network, unknown.layer), htmlText(unknown.why));
    return out;
}

std::string head(const Network &network)
{
    const std::string name = htmlText(fileName(network.file->path));
    return fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                       "'unsafe-inline'\">\n<title>{0} - QuantScope</title>\n<style>\n{1}</style>\n</head>\n<body>\n"
                       "<header><h1>{0}</h1></header>\n<main>\n",
        name, htmlStyle());
}

std::string confirmation(const Network &network)
{
    std::string out;
    if (!network.confirmedBy.empty())
        out += fmt::format("<p class=\"confirmed\">Recipe confirmed by {}</p>\n", htmlText(network.confirmedBy));
    if (network.file->shown() != nullptr && network.file->weightParts().size() > 1)
        out += fmt::format("<p class=\"dim\">Part {} of the file</p>\n", htmlText(network.file->shown()->name));
    return out;
}

} // namespace

Result<std::string> htmlReport(const Inspection &inspection, const CheckResult &checked,
    const Accumulators &accumulators, const Progress &progress)
{
    const Network &network = *inspection.network;
    std::vector<std::string> sections(network.layers.size());
    SharedProgress done(progress, sections.size());
    const Progress within([&](std::uint64_t, std::uint64_t) {
        done.add(0);
        return true;
    });
    try {
        parallelFor(sections.size(), [&](std::size_t i) {
            sections[i] = htmlLayer(inspection, network.layers[i], i < kMostDrawnLayers, within);
            done.add(1);
        });
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, network.file->path, std::nullopt, "was cancelled"});
    }
    std::string out = head(network) + tiles(inspection) + confirmation(network) + checkPart(network, checked)
        + problems(inspection) + layerTable(inspection) + accumulatorPart(network, accumulators)
        + "<h2>Quantizers</h2>\n";
    if (sections.size() > kMostDrawnLayers)
        out += fmt::format("<p class=\"dim\">Charts of the first {} of {} layers</p>\n", grouped(kMostDrawnLayers),
            grouped(sections.size()));
    for (const std::string &section : sections)
        out += section;
    return out + "</main>\n</body>\n</html>\n";
}

} // namespace quantscope
