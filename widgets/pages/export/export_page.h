#pragma once

#include "export/export.h"
#include "items/slot_ref.h"
#include "pages/page.h"
#include "session/task.h"

#include <QString>

#include <memory>
#include <optional>

class QCheckBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QBoxLayout;
class QButtonGroup;

namespace quantscope {

class ElidedLabel;
class ExportDoubts;
class ExportPreview;
class ExportResult;

/// What to write, in which order, what it will look like, and after writing by what it was proven.
class ExportPage : public Page {
    Q_OBJECT
public:
    explicit ExportPage(Session &session, QWidget *parent = nullptr);
    ExportRequest request() const;
    void write();
    bool idle() const override;

protected:
    void refresh() override;

private:
    QWidget *makeFormats();
    void addRun(QBoxLayout &column);
    QWidget *makeLayouts();
    void offerFolder();
    void fillLayouts();
    void preview();
    void refreshResult();
    /// What was written, and from what.
    struct Written {
        std::shared_ptr<const Network> network;
        ExportRequest request;
        QString at; ///< the time of day
    };
    void onWritten(Written written, const Result<ExportReport> &report);
    void chooseFolder();
    std::vector<std::string> exportable() const;

    std::vector<std::pair<std::string, QCheckBox *>> m_formats;
    QLabel *m_formatCount, *m_selection;
    QCheckBox *m_verify;
    QLineEdit *m_folder;
    QString m_offered; ///< the folder that was last offered
    QPushButton *m_write;
    ExportDoubts *m_doubts;
    std::optional<Written> m_written;
    QGridLayout *m_layoutGrid;
    ElidedLabel *m_layoutNote;
    QButtonGroup *m_layoutGroup;
    std::vector<std::string> m_layoutNames;
    std::string m_layout = "source";
    SlotRef m_layoutSlot;
    ExportPreview *m_preview;
    ExportResult *m_result;
    Task<ExportReport> m_writing;
};

} // namespace quantscope
