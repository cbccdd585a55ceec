#pragma once

#include "network/network.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

constexpr std::string_view kManifestName = "manifest.json";

/// The manifest that lies in the folder, null when there is none or it is not one of ours (then a note says so).
nlohmann::ordered_json earlierManifest(const std::string &folder, std::vector<std::string> &notes);

/// A manifest in the folder names this file.
bool writtenByExport(const std::string &folder, std::string_view name);

/// Takes over from the manifest.json that lies in the folder, when it is of the same source, the files that still are
/// what it says and are not written now, with their tensors and names, and puts all into the order of one export of
/// everything. Appends to `notes` what was dropped.
void addEarlierManifest(nlohmann::ordered_json &manifest, const Network &network, const std::string &folder,
    std::vector<std::string> &notes);

} // namespace quantscope
