#pragma once

#include "base/progress.h"
#include "export/export_report.h"
#include "export/export_request.h"
#include "export/export_step.h"
#include "network/network.h"

#include <string>
#include <utility>
#include <vector>

namespace quantscope {

/// Writes the batch: every file to a temporary name, verified there when asked, then all are renamed, manifest.json
/// last. Nothing is left behind on an error. Errors: Usage (unknown layer, format, layout; a layer with nothing to
/// export; an empty tensor), Io, Proof (no compiler, or what was written differs from the model: which element),
/// Cancelled. Nothing is thrown. `steps` is told which file it is at.
Result<ExportReport> exportLayers(
    const Network &network, const ExportRequest &request, const Progress &progress = {}, const ExportSteps &steps = {});

/// The first `lines` lines of what exportLayers would write, by file name in writing order; the manifest's hashes
/// excepted. The same writers, stopped early. Errors as exportLayers(). Nothing is thrown.
Result<std::vector<std::pair<std::string, std::string>>> previewExport(
    const Network &network, const ExportRequest &request, std::size_t lines);

} // namespace quantscope
