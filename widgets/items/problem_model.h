#pragma once

#include "items/checked_network.h"
#include "items/row_model.h"
#include "report/check_report.h"

#include <QAbstractTableModel>
#include <QString>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

/// What is said of a network as rows: errors and warnings by rule, worst first, each rule with its count; then the
/// notes, what could not be checked and what the recipe mutes, folded.
class ProblemModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { SeverityColumn, LayerColumn, TextColumn, NUM_COLUMNS };
    enum Role {
        SeverityRole = kOwnRole, ///< "error", "warning", "note"; "unchecked"
        GroupRole, ///< bool: a row that others fold under
        FoldedRole, ///< bool, of such a row
        DepthRole, ///< int: how many rows it folds under
        MoreRole, ///< what to do and where the rule comes from, a line each; may be empty
        MutedRole, ///< bool
    };

    explicit ProblemModel(QObject *parent = nullptr)
        : QAbstractTableModel(parent)
    {
    }
    /// What somebody folded or unfolded stays so, by rule.
    void setChecked(std::shared_ptr<const CheckedNetwork> checked);
    const std::shared_ptr<const CheckedNetwork> &checked() const { return m_checked; }
    /// Findings with one severity, without the muted.
    int count(Severity severity) const;

    bool isGroup(int row) const;
    bool isFolded(int row) const;
    void setFolded(int row, bool folded);
    /// Null of groups and of what could not be checked.
    const Finding *finding(int row) const { return at(row).finding; }
    /// Of a finding and of a rule's group; else empty.
    std::string ruleOf(int row) const { return at(row).unchecked ? std::string() : foldOf(at(row)).rule; }
    bool isMuted(int row) const { return foldOf(at(row)).part == Part::Muted; }
    /// The row of the same finding, or of the group that it folds under; nothing where it is gone.
    std::optional<int> rowOf(const Finding &finding) const;
    /// Of a row as text to hand on: of a group all that it holds.
    QString textOf(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
    }
    int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : NUM_COLUMNS; }
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    enum class Part { Problems, Notes, Unchecked, Muted };
    /// A rule's findings of one severity, or a whole part.
    struct Fold {
        Part part = Part::Problems;
        std::string rule; ///< empty: the part
        Severity severity = Severity::Note;
        std::vector<const Finding *> findings;
        std::size_t layers = 0; ///< that they are about
        bool isPart() const { return rule.empty(); }
    };
    struct Row {
        std::size_t fold = 0; ///< that it stands for or belongs to
        const Finding *finding = nullptr;
        const UncheckedRules *unchecked = nullptr;
        int depth = 0;
    };
    using FoldKey = std::pair<int, std::string>;

    void gather();
    void gatherRules(Part part, const std::vector<const Finding *> &findings);
    void lay();
    void layPart(std::size_t fold);
    const Row &at(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    const Fold &foldOf(const Row &row) const { return m_folds[row.fold]; }
    static FoldKey keyOf(const Fold &fold);
    bool isFolded(const Fold &fold) const;
    QString groupText(const Fold &fold) const;
    QString layerText(const Row &row) const;
    QString tipOf(const Row &row) const;
    QString textIn(const Row &row, int column) const;
    QString more(const Row &row) const;

    std::shared_ptr<const CheckedNetwork> m_checked;
    std::vector<Fold> m_folds; ///< parts, each before its rules
    std::vector<UncheckedRules> m_unchecked; ///< by their reason
    std::vector<Row> m_rows; ///< that are not folded away
    std::map<FoldKey, bool> m_chosen; ///< what somebody folded (true) or unfolded
};

/// With the window's own ways on, where a text names those of the command line.
QString problemText(std::string_view text);

} // namespace quantscope
