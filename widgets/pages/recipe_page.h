#pragma once

#include "items/quantizer_model.h"
#include "pages/page.h"
#include "session/task.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;

namespace quantscope {

class CodeView;
class Segmented;

/// Which recipe is in force, as TOML, and every quantizer with the preset it got. Presets can be changed where the file
/// does not say them; every change can be undone and saved.
class RecipePage : public Page {
    Q_OBJECT
public:
    explicit RecipePage(Session &session, QWidget *parent = nullptr);
    QTableView *table() { return m_table; }

Q_SIGNALS:
    void chooseRequested();
    void saveRequested();

protected:
    void refresh() override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *makeSource();
    void choose(int source);
    void changePreset();
    void setKeyword();
    QWidget *makeKeywords();
    /// Rows that are selected and take presets of the same kind as the current one.
    std::vector<int> editedRows() const;
    void refreshSource();
    void refreshText();

    QuantizerModel m_model;
    Segmented *m_source;
    QLabel *m_path, *m_note;
    QPushButton *m_undo, *m_redo, *m_save, *m_change, *m_set;
    QComboBox *m_keyword;
    QLineEdit *m_value;
    QLabel *m_keywordError;
    QTableView *m_table;
    CodeView *m_text;
    std::shared_ptr<const Network> m_shown;
    Task<std::string> m_writing;
};

} // namespace quantscope
