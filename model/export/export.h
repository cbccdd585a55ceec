#pragma once

#include "base/progress.h"
#include "export/layout.h"
#include "network/network.h"

#include <string>
#include <utility>
#include <vector>

namespace quantscope {

struct ExportRequest {
    std::vector<std::string> layers; ///< layer names; empty: every layer that has a quantized tensor
    std::vector<std::string> formats; ///< "header"
    std::string layout = "source";
    std::string folder;
    bool verify = false;
};

/// One file of a batch, after or before writing.
struct ExportedFile {
    std::string name; ///< relative to the folder
    std::string format; ///< "header", "manifest", "helper"
    std::string layer; ///< empty for files that belong to the batch
    std::uint64_t bytes = 0;
    std::uint64_t elements = 0;
    std::uint64_t verified = 0; ///< elements compared and equal; 0 when no proof was asked
    std::string proof; ///< by what: "gcc C99, g++ SystemC"; empty without a proof
};

struct ExportReport {
    std::vector<ExportedFile> files;
    std::vector<std::string> notes; ///< renamed identifiers, layouts that fell back, slots left out
};

/// Writes the batch: every file to a temporary name, verified there when asked, then all are renamed, manifest.json
/// last. Nothing is left behind on an error. Errors: Usage (unknown layer, format, layout; a layer with nothing to
/// export; an empty tensor), Io, Proof (no compiler, or the compiled header differs from the model: which element),
/// Cancelled.
Result<ExportReport> exportLayers(const Network &network, const ExportRequest &request, const Progress &progress = {});

/// The first `lines` lines of what exportLayers would write, by file name in writing order; the manifest's hashes
/// excepted. The same writers, stopped early.
Result<std::vector<std::pair<std::string, std::string>>> previewExport(
    const Network &network, const ExportRequest &request, std::size_t lines);

std::vector<std::string> exportFormatNames();

/// The C identifier of a layer's path, before collisions are resolved: "block.0.conv" -> "block_0_conv".
std::string cIdentifier(const std::string &path);

} // namespace quantscope
