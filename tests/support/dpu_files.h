#pragma once

#include "network/network.h"

#include <QByteArray>
#include <QTemporaryDir>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace quantscope::test {

/// dpu/expected.json.
nlohmann::json dpuExpected();
/// With what lies beside; throws what the error says.
Network openedDpu(const std::string &path);
const SlotQuantizer &dpuSlot(const Network &network, const std::string &layer, Slot slot);
/// SHA-256 of a slot's codes as int32.
std::string dpuHash(const SlotQuantizer &slot);
int positionOf(const SlotQuantizer &slot);
/// "conv1 cut 9 [0 to 16] bias 5 [-7 to 15]", a line a layer.
std::string shiftsText(const Network &network, bool anyDialect = false);

/// A folder of its own with files of dpu/ or from elsewhere.
class DpuFolder {
public:
    /// Files of a folder, each under the last part of its name.
    explicit DpuFolder(const std::vector<std::string> &files, const std::string &from = "");

    void add(const std::string &path, const std::string &name);
    void write(const std::string &name, const QByteArray &text) const;
    std::string path(const std::string &name) const;

private:
    QTemporaryDir m_folder;
};

} // namespace quantscope::test
