#include "items/diagnostic_model.h"

#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

void DiagnosticModel::setNetwork(const Network *network)
{
    beginResetModel();
    m_rows.clear();
    if (network)
        for (const Diagnostic &diagnostic : network->diagnostics)
            m_rows.push_back({diagnostic, subjectName(*network, diagnostic.subject)});
    std::ranges::stable_sort(m_rows, {}, [](const Row &row) { return row.diagnostic.severity; });
    endResetModel();
}

int DiagnosticModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int DiagnosticModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : NUM_COLUMNS; }

int DiagnosticModel::count(Severity severity) const
{
    return static_cast<int>(
        std::ranges::count_if(m_rows, [=](const Row &row) { return row.diagnostic.severity == severity; }));
}

QVariant DiagnosticModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto &[row, subject] = m_rows[static_cast<std::size_t>(index.row())];
    if (role == SeverityRole)
        return qs(severityName(row.severity));
    if (role == Qt::ToolTipRole || role == Qt::AccessibleDescriptionRole)
        return qs(severityName(row.severity)) + u", rule "_s + qs(row.rule) + u"\n"_s + qs(subject) + u"\n"_s
            + withPowers(qs(row.text));
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case SeverityColumn: return qs(severityName(row.severity));
    case LayerColumn: return subject.empty() ? u"file"_s : qs(subject);
    default: return withPowers(qs(row.text));
    }
}

QVariant DiagnosticModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QString kTitles[] = {u"Severity"_s, u"Layer"_s, u"Problem"_s};
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= NUM_COLUMNS)
        return {};
    return kTitles[section];
}

} // namespace quantscope
