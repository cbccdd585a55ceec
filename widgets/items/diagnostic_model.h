#pragma once

#include "analysis/inspection.h"
#include "items/row_model.h"

namespace quantscope {

/// Finds the elements that a problem is about (analysis/find_query.h); empty where it is about none of its own.
QString problemQuery(const Diagnostic &diagnostic);

/// A problem with the name of what it is about.
struct DiagnosticRow {
    Diagnostic diagnostic;
    std::string subject; ///< the layer or tensor; empty for the whole file
};

/// The problems of a network, worst first; within a severity in the order of the file.
class DiagnosticModel : public RowModel<DiagnosticRow> {
    Q_OBJECT
public:
    enum Column { SeverityColumn, LayerColumn, TextColumn, NUM_COLUMNS };
    enum Role { SeverityRole = kOwnRole };

    explicit DiagnosticModel(QObject *parent = nullptr);
    void setInspection(const Inspection &inspection);
    int count(Severity severity) const;

protected:
    QVariant own(const DiagnosticRow &row, int column, int role) const override;
};

} // namespace quantscope
