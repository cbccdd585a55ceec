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
class QLayout;
class QLineEdit;
class QPushButton;
class QBoxLayout;
class QButtonGroup;

namespace quantscope {

class ElidedLabel;
class NameLabel;
class ExportDoubts;
class ExportLayers;
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
    QLayout *makeFolder();
    QWidget *makeLayouts();
    QString folder() const; ///< absolute
    void offerFolder();
    void keepFolder();
    void refreshFolder();
    bool mayWriteInto(const QString &folder);
    void fillLayouts();
    void preview();
    void refreshResult();
    void onRunning();
    void onFinished();
    void chooseFolder();

    std::vector<std::pair<std::string, QCheckBox *>> m_formats;
    QLabel *m_formatCount;
    ExportLayers *m_layers;
    QCheckBox *m_verify;
    QLineEdit *m_folder;
    QString m_model; ///< whose folder it is
    QString m_offered; ///< the folder that was last offered
    ElidedLabel *m_absolute; ///< the folder's path where that is not what stands there
    QPushButton *m_write, *m_cancel, *m_openFolder;
    ExportDoubts *m_doubts;
    QGridLayout *m_layoutGrid;
    NameLabel *m_layoutNote;
    QButtonGroup *m_layoutGroup;
    std::vector<std::string> m_layoutNames;
    std::string m_layout = "source";
    SlotRef m_layoutSlot;
    ExportPreview *m_preview;
    ExportResult *m_result;
};

} // namespace quantscope
