#pragma once

#include "export/export.h"
#include "items/slot_ref.h"
#include "pages/page.h"
#include "session/task.h"

#include <QString>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QRadioButton;
class QBoxLayout;
class QButtonGroup;
class QTableWidget;

namespace quantscope {

class Card;
class CodeView;
class ElidedLabel;

/// What to write, in which order, what it will look like, and after writing by what it was proven.
class ExportPage : public Page {
    Q_OBJECT
public:
    explicit ExportPage(Session &session, QWidget *parent = nullptr);
    ExportRequest request() const;
    void write();
    bool idle() const override { return !m_previewing.running() && !m_writing.running(); }

protected:
    void refresh() override;

private:
    using Preview = std::vector<std::pair<std::string, std::string>>;

    QWidget *makeFormats();
    void addRun(QBoxLayout &column);
    QWidget *makeLayouts();
    QWidget *makePreview();
    QWidget *makeResult();
    void fillLayouts();
    void preview();
    void showPreview(const Preview &files);
    void showFile(int at);
    void showReport(const ExportReport &report, const QString &folder);
    void chooseFolder();
    std::vector<std::string> exportable() const;

    std::vector<std::pair<std::string, QCheckBox *>> m_formats;
    QLabel *m_formatCount, *m_selection;
    QCheckBox *m_verify;
    QLineEdit *m_folder;
    QPushButton *m_write;
    QGridLayout *m_layoutGrid;
    ElidedLabel *m_layoutNote;
    QButtonGroup *m_layoutGroup;
    std::vector<std::string> m_layoutNames;
    std::string m_layout = "source";
    SlotRef m_layoutSlot;
    QComboBox *m_files;
    CodeView *m_code;
    Preview m_preview;
    Card *m_resultCard;
    QLabel *m_resultTitle, *m_resultNote;
    QTableWidget *m_result;
    Task<Preview> m_previewing;
    Task<ExportReport> m_writing;
};

} // namespace quantscope
