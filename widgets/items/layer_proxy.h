#pragma once

#include "items/layer_filter.h"
#include "items/layer_lanes.h"
#include "items/value_proxy.h"

#include <QString>

#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

class LayerModel;

/// Shows the layers that match, with the lines of what flows between them: while they are in the order of the flow,
/// which 'Layer' sorts by, and something flows. A line through layers that do not match says so.
class LayerProxy : public ValueProxy {
    Q_OBJECT
public:
    explicit LayerProxy(QObject *parent = nullptr);
    ~LayerProxy() override;
    void setSourceModel(QAbstractItemModel *model) override; ///< a LayerModel
    /// Keeps the last usable filter and returns the reason when `text` cannot be used.
    QString setFilterText(const QString &text);
    /// The layer whose path is marked; empty for none.
    void showPathOf(const QString &layer);

    QVariant data(const QModelIndex &index, int role) const override;

Q_SIGNALS:
    void lanesChanged(); ///< others are drawn, or none

protected:
    bool filterAcceptsRow(int sourceRow, const QModelIndex &sourceParent) const override;

private:
    bool inOrder() const;
    const LayerLanes *lanes() const;
    void dropLanes();
    void dropNotes();
    std::optional<int> pathRow() const;

    LayerModel *m_layers = nullptr;
    LayerFilter m_filter;
    QString m_path;
    mutable std::unique_ptr<LayerLanes> m_lanes; ///< made when they are looked at
    mutable std::optional<std::vector<JoinNote>> m_notes; ///< of the whole network, for every order and filter
    mutable std::shared_ptr<const Network> m_noted; ///< whose notes they are
};

} // namespace quantscope
