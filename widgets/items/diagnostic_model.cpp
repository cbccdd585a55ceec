#include "items/diagnostic_model.h"

#include "items/text.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString severityText(const DiagnosticRow &row) { return qs(severityName(row.diagnostic.severity)); }

static std::vector<RowColumn<DiagnosticRow>> diagnosticColumns()
{
    using Row = DiagnosticRow;
    return {{u"Severity"_s, severityText,
                [](const Row &row) { return QVariant(static_cast<int>(row.diagnostic.severity)); }},
        {u"Layer"_s, [](const Row &row) { return row.subject.empty() ? u"file"_s : shownText(row.subject); }},
        {u"Problem"_s, [](const Row &row) { return withPowers(shownText(row.diagnostic.text)); }}};
}

DiagnosticModel::DiagnosticModel(QObject *parent)
    : RowModel(diagnosticColumns(), parent)
{
}

void DiagnosticModel::setInspection(const Inspection &inspection)
{
    std::vector<DiagnosticRow> rows;
    for (const Diagnostic &diagnostic : inspection.diagnostics)
        rows.push_back({diagnostic, subjectName(*inspection.network, diagnostic.subject)});
    std::stable_sort(rows.begin(), rows.end(),
        [](const DiagnosticRow &a, const DiagnosticRow &b) { return a.diagnostic.severity < b.diagnostic.severity; });
    setRows(std::move(rows));
}

int DiagnosticModel::count(Severity severity) const
{
    return static_cast<int>(std::count_if(
        rows().begin(), rows().end(), [=](const DiagnosticRow &row) { return row.diagnostic.severity == severity; }));
}

QVariant DiagnosticModel::own(const DiagnosticRow &row, int, int role) const
{
    switch (role) {
    case SeverityRole: return severityText(row);
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole:
        return severityText(row) + u", rule "_s + qs(row.diagnostic.rule) + u"\n"_s + shownText(row.subject) + u"\n"_s
            + withPowers(shownText(row.diagnostic.text));
    default: return {};
    }
}

} // namespace quantscope
