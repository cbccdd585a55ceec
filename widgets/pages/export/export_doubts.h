#pragma once

#include "network/network.h"

#include <QLabel>

#include <memory>
#include <string>
#include <vector>

namespace quantscope {

/// Beside the button that writes: what would be written and is not certain, in a word and a colour.
class ExportDoubts : public QLabel {
    Q_OBJECT
public:
    explicit ExportDoubts(QWidget *parent = nullptr);
    /// Of the layers that are to be written; nothing for none. `edited`: no file holds the recipe. `proposals` for them
    /// are not in force.
    void show(const std::shared_ptr<const Network> &network, const std::vector<std::string> &layers, bool edited,
        std::size_t proposals = 0);
    /// A layer has nothing but what a proof contradicts: it cannot be written.
    bool forbids() const { return m_forbids; }

private:
    bool m_forbids = false;
};

} // namespace quantscope
