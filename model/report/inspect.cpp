#include "report/inspect.h"

#include "base/file_name.h"
#include "base/text.h"
#include "checks/data_checks.h"
#include "checks/sharing.h"
#include "report/text_table.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

namespace quantscope {

namespace {

struct Task {
    const Layer *layer = nullptr;
    const SlotQuantizer *slot = nullptr;
    std::optional<Result<SlotStatistics>> result;
};

bool canAnalyse(const SlotQuantizer &slot)
{
    return slot.tensor && slot.tensor->readable() && slot.quantizer && slot.quantizer->isComplete();
}

bool alreadySaid(const Network &network, const Diagnostic &diagnostic)
{
    return std::any_of(network.diagnostics.begin(), network.diagnostics.end(), [&](const Diagnostic &d) {
        return d.rule == diagnostic.rule && d.subject.layer == diagnostic.subject.layer
            && (d.text == diagnostic.text || d.rule == "scale-not-positive");
    });
}

std::vector<std::string> rowCells(const LayerRow &row)
{
    const auto marked = [](const std::string &text, bool assumed) {
        return text.empty() ? "-" : assumed ? "~" + text : text;
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

std::string problemsText(const Network &network)
{
    std::string out;
    for (const Severity severity : {Severity::Error, Severity::Warning, Severity::Note})
        for (const Diagnostic &d : network.diagnostics)
            if (d.severity == severity)
                out += fmt::format("{}: {} [{}]\n", severityName(severity), printable(d.text), d.rule);
    return out.empty() ? out : "\n" + out;
}

} // namespace

std::vector<Diagnostic> dataDiagnostics(const Network &network, const StatisticsMap &statistics)
{
    std::vector<Diagnostic> out;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const auto found = statistics.find({layer.id, slot.slot});
            if (!slot.quantizer && !slot.tensor)
                continue;
            for (Diagnostic &d : checkSlot({layer, slot, found == statistics.end() ? nullptr : &found->second}))
                if (!alreadySaid(network, d))
                    out.push_back(std::move(d));
        }
    for (Diagnostic &d : checkSharing(network, statistics))
        out.push_back(std::move(d));
    return out;
}

Result<StatisticsMap> analyseNetwork(Network &network, const InspectOptions &options, const Progress &progress)
{
    std::vector<Task> tasks;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (canAnalyse(slot))
                tasks.push_back({&layer, &slot, {}});
    // Every slot is one task; each runs in file order, so the figures do not depend on the number of threads.
    std::mutex progressMutex;
    std::uint64_t done = 0;
    tbb::parallel_for(std::size_t{0}, tasks.size(), [&](std::size_t i) {
        const Progress step([&](std::uint64_t, std::uint64_t) {
            const std::scoped_lock lock(progressMutex);
            try {
                progress.step(done, tasks.size());
                return true;
            } catch (const CancelledError &) {
                return false;
            }
        });
        tasks[i].result = analyse(*tasks[i].slot, {.hash = options.hash}, step);
        const std::scoped_lock lock(progressMutex);
        ++done;
    });
    StatisticsMap map;
    for (Task &task : tasks) {
        Result<SlotStatistics> &result = *task.result;
        if (!result && result.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(result.error());
        if (!result)
            network.diagnostics.push_back({"tensor-unreadable", Severity::Error, {task.layer->id, task.slot->slot},
                fmt::format("{} {}: {}", task.layer->name, task.slot->slot, result.error().message)});
        else
            map.emplace(SlotId{task.layer->id, task.slot->slot}, std::move(*result));
    }
    for (Diagnostic &d : dataDiagnostics(network, map))
        network.diagnostics.push_back(std::move(d));
    return map;
}

std::string inspectCsv(const Network &network, const StatisticsMap &statistics)
{
    std::string out = fmt::format("{}\n", fmt::join(layerTableHeader(), ","));
    for (const Layer &layer : network.layers) {
        const LayerRow row = layerRow(network, layer, statistics);
        const std::vector<std::string> cells
            = {row.name, row.kind, row.shape, row.parameters ? std::to_string(*row.parameters) : "", row.bits,
                row.scale, row.intFrac, row.sqnrDb ? shortest(*row.sqnrDb) : "",
                row.atLimitShare ? shortest(100 * *row.atLimitShare) : "", std::to_string(row.problems)};
        out += csvLine(cells);
    }
    return out;
}

std::string inspectText(const Network &network, const StatisticsMap &statistics, const InspectOptions &options)
{
    std::uint64_t parameters = 0, bits = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (slot.tensor) {
                parameters += slot.tensor->count();
                if (slot.quantizer && slot.quantizer->isComplete())
                    bits += slot.tensor->count()
                        * static_cast<std::uint64_t>(
                            slot.quantizer->kind == QuantizerKind::Binary ? 1 : slot.quantizer->wordBits());
            }
    const std::string &path = network.file->path;
    std::string out = fmt::format("{}: {}, {} layers, {} weights + biases", printable(fileName(path)),
        traitsOf(network.dialect).name, network.layers.size(), grouped(parameters));
    out += options.list ? "\n\n" + listText(network) : fmt::format(", {} integer bits\n\n", grouped(bits));
    if (!options.list) {
        std::vector<std::vector<std::string>> rows = {layerTableHeader()};
        rows[0].back() = "!";
        bool assumed = false;
        for (const Layer &layer : network.layers) {
            const LayerRow row = layerRow(network, layer, statistics);
            rows.push_back(rowCells(row));
            assumed = assumed || row.assumed || row.scaleAssumed;
        }
        out += alignedTable(rows, 3);
        out += assumed ? "~ assumed: the file and the recipe do not say it\n" : "";
    }
    if (options.tensors)
        out += tensorsText(*network.file);
    return out + problemsText(network);
}

} // namespace quantscope
