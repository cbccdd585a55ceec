#pragma once

#include "items/checked_network.h"
#include "items/listed_row.h"
#include "items/row_model.h"

#include <memory>
#include <string>
#include <unordered_map>

namespace quantscope {

/// The layers of a network, one per row in the order of the file; figures that need statistics fill in as they arrive.
/// Behind them, if asked for, what else the flow has: such a row cannot be selected.
class LayerModel : public RowModel<ListedRow> {
    Q_OBJECT
public:
    /// What each says stands in layerColumns().
    enum Column {
        Name,
        Kind,
        Shape,
        Params,
        Bits,
        Scale,
        Int,
        Frac,
        Size,
        Sqnr,
        Saturated,
        Proposed,
        Change,
        Problems,
        NUM_COLUMNS
    };
    enum Role {
        SortRole = kValueRole, ///< raw numbers; an invalid QVariant sorts last
        WeightRole = kOwnRole, ///< bool: the layer has weights (strong), else dim
        SeverityRole, ///< "error", "warning", "note" of the worst problem, or empty
        AssumedRole, ///< bool: a quantizer field is assumed
        WrongRole, ///< bool: a proof says otherwise
        MonoRole, ///< bool: set in the monospace font
        OperatorRole, ///< bool: no layer, but what the flow has between layers
        LanesRole, ///< LaneCell, of Name: only LayerProxy knows it
        ToneRole, ///< GivenCell::Tone as int, of a given column
    };

    explicit LayerModel(QObject *parent = nullptr);
    /// Rows, and what selects them, stay where the names are the same as before.
    void setInspection(const Inspection &inspection);
    /// The same network with more problems: rows and selection stay.
    void updateAll(const Inspection &inspection);
    /// What the rules say of each layer, in the place of what was said when the file was read; of another network than
    /// the one that is shown it counts for nothing. Call updateAll().
    void setChecked(std::shared_ptr<const CheckedNetwork> checked);
    /// Refreshes the row of a layer whose statistics have arrived.
    void updateLayer(const std::string &name, const Inspection &inspection);
    /// Fills a column (Proposed or Change) from a store, for these rows and those to come; null empties it, and the
    /// list shows it no more. Called again when the store has something else to tell of all layers.
    void setGiven(Column column, GivenCells cells);
    /// The store has something else to tell of one layer.
    void updateGiven(Column column, const std::string &layer);
    /// Whether somebody fills it.
    bool isGiven(Column column) const;
    /// Layers that only another model has stand behind the others, with a cell of Change of their own; such a row
    /// cannot be selected either.
    void setOnlyInSecond(std::vector<ListedRow> rows, const Inspection &inspection);
    void showOperators(const Inspection &inspection, bool shown);
    bool showsOperators() const { return m_operators; }
    const std::shared_ptr<const Network> &network() const { return m_network; }

    int rowOf(const QString &name) const;
    /// Empty where the row is no layer.
    QString nameAt(int row) const;
    /// A role of any row, of a branch that this model does not hold too.
    static QVariant roleOf(const ListedRow &row, int column, int role);
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void flowChanged(); ///< another network, or other rows: what flows between them may be another
    void givenChanged(); ///< a column is filled, or no more

protected:
    QVariant own(const ListedRow &row, int column, int role) const override;

private:
    std::vector<ListedRow> rowsOf(const Inspection &inspection) const;
    void fillGiven(ListedRow &row) const;
    void fillProblems(ListedRow &row, const Network &network, LayerId layer) const;

    std::shared_ptr<const Network> m_network;
    std::unordered_map<std::string, int> m_rowOf; ///< of layers
    std::array<GivenCells, kGivenColumns> m_given;
    std::shared_ptr<const CheckedNetwork> m_checked;
    std::vector<LayerProblems> m_found; ///< by LayerId
    std::vector<ListedRow> m_onlyInSecond;
    bool m_operators = false;
};

} // namespace quantscope
