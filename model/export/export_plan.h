#pragma once

#include "export/export_array.h"
#include "export/export_request.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

struct Writer;

/// A layer with its arrays, whatever the formats.
struct ExportLayer {
    const Layer *layer = nullptr;
    std::string identifier; ///< "conv1"
    std::vector<ExportArray> arrays;
};

/// One file of one format.
struct PlannedFile {
    const Writer *writer = nullptr;
    const ExportLayer *layer = nullptr;
    std::span<const ExportArray> arrays; ///< of the layer: all, or the one of a format with a file for each
    std::string name; ///< "conv1.h", "conv1_weight.mem"
    Packing packing;

    std::uint64_t count() const; ///< elements
};

struct RenamedLayer {
    std::string layer;
    std::string identifier;
};

/// What a request will write, decided before anything is written. Its parts point to each other and into the network.
struct ExportPlan {
    ExportPlan() = default;
    ExportPlan(ExportPlan &&) = default;
    ExportPlan &operator=(ExportPlan &&) = default;

    std::vector<ExportLayer> layers;
    std::vector<PlannedFile> files; ///< in the network's order, within a layer in that of writers()
    std::vector<const Writer *> writers; ///< those of the files, each once
    std::vector<RenamedLayer> renamed;
    std::vector<std::string> notes;
    std::vector<std::string> refused; ///< "LAYER SLOT" whose proof in the recipe differs
};

/// Errors: Usage (no format, an unknown layer, format or layout, a packing that no format takes, nothing to export, an
/// empty tensor, codes that no array can hold); Proof (nothing but what the live model contradicts).
Result<ExportPlan> planExport(const Network &network, const ExportRequest &request);

} // namespace quantscope
