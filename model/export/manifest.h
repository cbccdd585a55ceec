#pragma once

#include "export/earlier_manifest.h"
#include "export/writers/writer.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A file of the batch with the hashes that its writing gave; nullopt in a preview.
struct WrittenFile {
    const PlannedFile *file = nullptr;
    std::optional<std::string> sha256;
    CodeHashes codesSha256; ///< of the file's arrays; empty: not known
};

/// A file that no layer has to itself.
struct WrittenCompanion {
    std::string_view name;
    std::string_view format; ///< "helper", "recipe"
    std::optional<std::string> sha256;
};

struct Written {
    std::vector<WrittenFile> files;
    std::vector<WrittenCompanion> companions;
};

/// The text of manifest.json: what was written now, and the entries of an earlier manifest in `folder` of the same
/// source whose files are still there, unchanged and not overwritten, in the network's order. An empty folder: only the
/// new ones. Appends to `notes` when an earlier manifest or entry is dropped.
std::string manifestText(const Network &network, const SourceFacts &source, const ExportPlan &plan,
    const Written &written, const std::string &folder, std::vector<std::string> &notes);

} // namespace quantscope
