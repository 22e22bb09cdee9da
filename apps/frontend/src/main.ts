import './style.css'
import { start } from './page'

start(document)
