#pragma once

#include "export/writers/header_writer.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

constexpr std::string_view kManifestName = "manifest.json";

/// A header of the batch with the hashes that its writing gave; nullopt in a preview.
struct WrittenHeader {
    const ExportHeader *header = nullptr;
    std::optional<std::string> fileSha256;
    std::vector<std::optional<std::string>> codesSha256;
};

/// The text of manifest.json: what was written now, and the entries of an earlier manifest in `folder` of the same
/// source whose files are still there, unchanged and not overwritten, in the network's order. An empty folder: only the
/// new ones. Appends to `notes` when an earlier manifest or entry is dropped.
std::string manifestText(const Network &network, const SourceFacts &source, const ExportPlan &plan,
    const std::vector<WrittenHeader> &written, const std::optional<std::string> &helperSha256,
    const std::string &folder, std::vector<std::string> &notes);

} // namespace quantscope
