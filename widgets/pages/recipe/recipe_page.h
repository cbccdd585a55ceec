#pragma once

#include "items/quantizer_model.h"
#include "pages/page.h"
#include "pages/recipe/keyword_bar.h"
#include "session/task.h"

#include <set>

class QBoxLayout;
class QLabel;
class QMenu;
class QPushButton;
class QTableView;

namespace quantscope {

class CodeView;
class ConfirmBar;
class ElidedLabel;
class Segmented;

/// Which recipe is in force, as TOML, and every quantizer with the preset it got. Presets can be changed where the file
/// does not say them; every change can be undone and saved.
class RecipePage : public Page {
    Q_OBJECT
public:
    explicit RecipePage(Session &session, QWidget *parent = nullptr);
    QTableView *table() { return m_table; }
    /// The menu of presets for the current row and the selected rows that take the same ones.
    QMenu *presets();
    bool idle() const override { return !m_writing.running(); }

protected:
    void refresh() override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *makeSource();
    QWidget *makeTable();
    void addKey(QKeyCombination key, void (ConfirmBar::*run)());
    void choose(int source);
    void popUpPresets(const QPoint &at);
    KeywordBar::Selected selectedSlots() const;
    std::vector<int> selectedRows() const;
    void rememberRows();
    /// Rows follow the selection of layers; afterwards they stay by name, whatever becomes of their numbers.
    void followSelection();
    void selectRemembered();
    void fitColumns();
    void refreshSource();
    void refreshConfirm();
    void refreshText();

    QuantizerModel m_model;
    Segmented *m_source;
    ElidedLabel *m_path;
    QLabel *m_note;
    QPushButton *m_undo, *m_redo, *m_save, *m_change;
    KeywordBar *m_keywords;
    QTableView *m_table;
    QBoxLayout *m_halves; ///< table and text
    ConfirmBar *m_confirm;
    CodeView *m_text;
    std::shared_ptr<const Network> m_shown;
    using SlotName = std::pair<std::string, Slot>;
    std::set<SlotName> m_rows; ///< that are selected
    SlotName m_row; ///< the current one
    std::pair<QStringList, QString> m_followed;
    Task<std::string> m_writing;
};

} // namespace quantscope
