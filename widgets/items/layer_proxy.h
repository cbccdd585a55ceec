#pragma once

#include "items/listed_lanes.h"
#include "items/listed_layers.h"

#include <QString>

#include <optional>

namespace quantscope {

/// What the rows of ListedLayers show. In a flat list the names carry the lines of what flows between the layers, while
/// they are in the order of the flow, which 'Layer' sorts by, and something flows; a line through layers that do not
/// match says so. In a tree with branches the order is another: there are no lines.
class LayerProxy : public ListedLayers {
    Q_OBJECT
public:
    enum Role {
        LabelRole = Qt::UserRole + 100, ///< QString: what stands in the tree, the name's own part
        DepthRole, ///< int: branches around it, plus one where branches are listed; 0 in a flat list
        BranchRole, ///< int: layers that are listed of a branch; invalid for a layer
        UnfoldedRole, ///< bool, of a branch
        HoldsPathRole, ///< bool: a folded branch with the layer whose path is marked
    };

    explicit LayerProxy(QObject *parent = nullptr);
    ~LayerProxy() override;
    void setSourceModel(QAbstractItemModel *model) override; ///< a LayerModel
    /// The layer whose path is marked; empty for none.
    void showPathOf(const QString &layer);

    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void lanesChanged(); ///< others are drawn, or none

private:
    QVariant branchData(int branch, int column, int role) const;
    QVariant layerData(const QModelIndex &index, int role) const;
    const LayerLanes *lanes() const;
    void dropLanes();
    std::optional<int> pathRow() const;
    bool holdsPath(int branch) const;

    QString m_path;
    mutable ListedLanes m_lanes;
};

} // namespace quantscope
