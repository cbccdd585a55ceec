#include "report/inspect.h"

#include "analysis/analyse.h"
#include "base/file_name.h"
#include "base/parallel.h"
#include "base/text.h"
#include "checks/data_checks.h"
#include "checks/finding.h"
#include "checks/join_grids.h"
#include "checks/sharing.h"
#include "checks/shift_range.h"
#include "network/dpu_shifts.h"
#include "report/text_table.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace quantscope {

namespace {

struct Analysed {
    SlotId id;
    const SlotQuantizer *slot = nullptr;
    Result<SlotStatistics> result;
};

/// What is not known yet, every slot on one of the cores and a large one on all.
std::vector<Analysed> analyseAll(
    const Network &network, const StatisticsMap &known, const InspectOptions &options, const Progress &progress)
{
    std::vector<Analysed> out;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (canAnalyse(slot) && !known.contains({layer.id, slot.slot}))
                out.push_back({{layer.id, slot.slot}, &slot, tl::unexpected(Error{ErrorKind::Cancelled, {}, {}, {}})});
    SharedProgress done(progress, out.size());
    const Progress within([&](std::uint64_t, std::uint64_t) {
        done.add(0);
        return true;
    });
    try {
        parallelFor(out.size(), [&](std::size_t i) {
            out[i].result = analyse(
                *out[i].slot, {.hash = options.hash, .channels = options.channels, .histograms = false}, within);
            done.add(1);
        });
    } catch (const CancelledError &) {
        // the slots that are left say it
    }
    return out;
}

/// What a network says itself, by layers: it may say something of each of thousands.
class SaidOfLayers {
public:
    explicit SaidOfLayers(const Network &network)
    {
        for (const Diagnostic &diagnostic : network.diagnostics)
            m_said.emplace(diagnostic.subject.layer, &diagnostic);
    }
    bool has(const Diagnostic &diagnostic) const
    {
        const auto [first, last] = m_said.equal_range(diagnostic.subject.layer);
        return std::any_of(first, last, [&](const auto &said) {
            const Diagnostic &d = *said.second;
            return d.rule == diagnostic.rule && (d.text == diagnostic.text || d.rule == "scale-not-positive");
        });
    }

private:
    std::multimap<std::optional<LayerId>, const Diagnostic *> m_said;
};

std::vector<std::string> rowCells(const LayerRow &row)
{
    const auto marked = [&](const std::string &text, bool assumed) {
        return text.empty() ? "-" : row.contradicted ? "!" + text : assumed ? "~" + text : text;
    };
    return {printable(row.name), printable(row.kind), row.shape.empty() ? "-" : row.shape,
        row.parameters ? grouped(*row.parameters) : "-", marked(row.bits, row.assumed),
        marked(row.scale, row.scaleAssumed), row.intFrac.empty() ? "-" : row.intFrac,
        row.sqnrDb ? fmt::format("{:.1f}", *row.sqnrDb) : "-",
        row.atLimitShare ? fmt::format("{:.2f}", 100 * *row.atLimitShare) : "-",
        row.problems > 0 ? std::to_string(row.problems) : ""};
}

std::string listText(const Network &network)
{
    std::vector<std::vector<std::string>> rows = {{"Layer", "Kind", "Slot", "Type", "Shape"}};
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            rows.push_back({printable(layer.name), printable(layer.kind), std::string(slotName(slot.slot)),
                slot.tensor ? std::string(dtypeName(slot.tensor->dtype)) : "-",
                slot.tensor ? shapeText(slot.shape) : "-"});
    return alignedTable(rows, 5);
}

std::string tensorsText(const ModelFile &file)
{
    std::vector<std::vector<std::string>> rows = {{"Tensor", "Type", "Shape"}};
    for (const TensorInfo &tensor : file.tensors)
        rows.push_back({printable(tensor.name), std::string(dtypeName(tensor.dtype)), shapeText(tensor.shape)});
    return "\n" + alignedTable(rows, 3);
}

std::string shiftText(const std::optional<DpuShift> &shift)
{
    return shift ? fmt::format("{} ({}){}", shift->value, rangeText(*shift), shift->fits() ? "" : " !") : "-";
}

/// How the DPU shifts the sums of each layer; empty for networks that are not its.
std::string shiftsText(const Network &network)
{
    const std::vector<DpuShifts> shifts = dpuShifts(Arrivals(network));
    if (shifts.empty())
        return {};
    const auto number = [](const std::optional<int> &position) { return position ? std::to_string(*position) : "-"; };
    std::vector<std::vector<std::string>> rows
        = {{"Layer", "Weight", "Input", "Output", "Bias", "Shift cut", "Shift bias"}};
    for (const DpuShifts &one : shifts)
        rows.push_back({printable(network.layer(one.layer).name), number(one.weight), number(one.input),
            number(one.output), number(one.bias), shiftText(one.cut), shiftText(one.biasShift)});
    return "\nFix positions and shifts of the DPU:\n" + alignedTable(rows, 1);
}

/// Which of several sets of weights is shown; empty where there is one.
std::string partText(const ModelFile &file)
{
    return file.shown() != nullptr && file.weightParts().size() > 1 ? fmt::format(", part {} of {}",
               printable(file.shown()->name), printable(fmt::format("{}", fmt::join(file.weightParts(), ", "))))
                                                                    : "";
}

std::string problemsText(const Inspection &inspection)
{
    std::string out;
    for (const Severity severity : {Severity::Error, Severity::Warning, Severity::Note})
        for (const Diagnostic &d : inspection.diagnostics)
            if (d.severity == severity)
                out += fmt::format("{}: {} [{}]\n", severityName(severity), printable(d.text), d.rule);
    if (inspection.muted > 0)
        out += fmt::format("{} muted by the recipe\n", grouped(inspection.muted));
    return out.empty() ? out : "\n" + out;
}

} // namespace

void fillDiagnostics(Inspection &inspection, const std::map<SlotId, std::string> &unreadable)
{
    const Network &network = *inspection.network;
    inspection.diagnostics = network.diagnostics;
    std::vector<Diagnostic> ofData;
    const SaidOfLayers said(network);
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const SlotId id{layer.id, slot.slot};
            if (const auto why = unreadable.find(id); why != unreadable.end())
                inspection.diagnostics.push_back({"tensor-unreadable", Severity::Error, {layer.id, slot.slot},
                    fmt::format("{} {}: {}", layer.name, slot.slot, why->second)});
            if (!slot.quantizer && !slot.tensor)
                continue;
            for (Diagnostic &d : checkSlot({layer, slot, inspection.of(id)}))
                if (!said.has(d))
                    ofData.push_back(std::move(d));
        }
    const auto append
        = [&](std::vector<Diagnostic> &&more) { std::ranges::move(more, std::back_inserter(inspection.diagnostics)); };
    append(std::move(ofData));
    append(checkSharing(network, inspection.statistics));
    append(checkJoinGrids(network));
    append(checkShiftRange(network));
    inspection.muted = std::erase_if(inspection.diagnostics, [&](const Diagnostic &diagnostic) {
        return isMutedBy(network.recipe.mutes, diagnostic.rule, subjectName(network, diagnostic.subject));
    });
}

Result<Inspection> inspect(std::shared_ptr<const Network> network, const InspectOptions &options,
    const Progress &progress, const Inspection *before)
{
    Inspection out{network, {}, network->diagnostics};
    if (options.list)
        return out;
    if (before != nullptr)
        out.statistics = keptStatistics(*before, *network);
    std::map<SlotId, std::string> unreadable;
    for (Analysed &slot : analyseAll(*network, out.statistics, options, progress)) {
        if (slot.result)
            out.statistics.emplace(slot.id, std::make_shared<const SlotStatistics>(std::move(*slot.result)));
        else if (slot.result.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(slot.result.error());
        else
            unreadable.emplace(slot.id, slot.result.error().message);
    }
    fillDiagnostics(out, unreadable);
    return out;
}

std::string inspectCsv(const Inspection &inspection)
{
    std::string out = fmt::format("{}\n", fmt::join(layerTableHeader(), ","));
    for (const LayerRow &row : layerRows(inspection)) {
        const std::vector<std::string> cells
            = {row.name, row.kind, row.shape, row.parameters ? std::to_string(*row.parameters) : "", row.bits,
                row.scale, row.intFrac, row.sqnrDb ? shortest(*row.sqnrDb) : "",
                row.atLimitShare ? shortest(100 * *row.atLimitShare) : "", std::to_string(row.problems)};
        out += csvLine(cells);
    }
    return out;
}

std::string inspectText(const Inspection &inspection, const InspectOptions &options)
{
    const Network &network = *inspection.network;
    std::uint64_t parameters = 0, bits = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (slot.tensor) {
                parameters += slot.tensor->count();
                bits += codeBits(slot);
            }
    const std::string &path = network.file->path;
    std::string out = fmt::format("{}: {}{}, {} layers, {} weights + biases", printable(fileName(path)),
        traitsOf(network.dialect).name, partText(*network.file), network.layers.size(), grouped(parameters));
    out += options.list ? "\n\n" + listText(network) : fmt::format(", {} integer bits\n\n", grouped(bits));
    if (!options.list) {
        std::vector<std::vector<std::string>> rows = {layerTableHeader()};
        rows[0].back() = "!";
        bool assumed = false, contradicted = false;
        for (const LayerRow &row : layerRows(inspection)) {
            rows.push_back(rowCells(row));
            assumed = assumed || row.assumed || row.scaleAssumed;
            contradicted = contradicted || row.contradicted;
        }
        out += alignedTable(rows, 3);
        out += assumed ? "~ assumed: the file and the recipe do not say it\n" : "";
        out += !contradicted ? ""
            : network.recipe.proofs.empty()
            ? "! wrong: what lies beside the file says otherwise\n"
            : "! wrong: not what the live model computed, as the proof in the recipe has it\n";
        out += shiftsText(network);
    }
    if (options.tensors)
        out += tensorsText(*network.file);
    return out + problemsText(inspection);
}

} // namespace quantscope
