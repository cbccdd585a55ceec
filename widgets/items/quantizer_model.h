#pragma once

#include "items/row_model.h"
#include "network/network.h"

#include <memory>

namespace quantscope {

/// A slot of a layer.
struct QuantizerRow {
    const Layer *layer = nullptr;
    const SlotQuantizer *slot = nullptr;
    bool unconfirmed = false; ///< assumed, and nobody has confirmed it
};

/// Every quantizer of a network: which preset is in force and whether it was assumed.
class QuantizerModel : public RowModel<QuantizerRow> {
    Q_OBJECT
public:
    enum Column { Layer, Slot, Type, Preset, Source, NUM_COLUMNS };
    enum Role { AssumedRole = kOwnRole };

    explicit QuantizerModel(QObject *parent = nullptr);
    void setNetwork(std::shared_ptr<const Network> network);
    const quantscope::Layer &layerAt(int at) const { return *row(at).layer; }
    const SlotQuantizer &slotAt(int at) const { return *row(at).slot; }
    /// Where there is no room for the column From, its sign stands before the preset.
    void setSigns(bool signs) { m_signs = signs; }
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

protected:
    QVariant own(const QuantizerRow &row, int column, int role) const override;

private:
    std::shared_ptr<const Network> m_network; ///< keeps the rows alive
    bool m_signs = false;
};

} // namespace quantscope
