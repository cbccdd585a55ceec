#pragma once

#include "items/slot_ref.h"
#include "run/run_result.h"

#include <QString>
#include <QStringList>

#include <memory>
#include <string>

namespace quantscope {

class Session;

/// A place of the network whose values exist only while it runs: the quantizer of an activation, or what a layer with a
/// weight computes.
struct ShownFlow {
    std::shared_ptr<const Network> network;
    const Layer *layer = nullptr;
    const SlotQuantizer *slot = nullptr; ///< null: the layer's result
    std::shared_ptr<const LayerFlow> flow; ///< null: nothing was seen, or not of this network

    explicit operator bool() const { return layer != nullptr; }
    SlotRef ref() const { return {network, layer, slot}; }
    /// LAYER:SLOT as `--with` names it.
    std::string place() const;
};
/// Of the selection; nothing where that is a tensor.
ShownFlow shownFlow(Session &session);
/// Why nothing was seen there, and what to do.
QString whyNotSeen(Session &session, const ShownFlow &shown);

/// The slots of a layer that can be shown, as the header names them: tensors, then what was seen on data.
QStringList shownSlotNames(Session &session, const Layer &layer);

} // namespace quantscope
